# base/, wire/, link/.
fast_generate(TARGET fast_test_node MESSAGES_ONLY
    PROTOS fast_test/node.proto IMPORT_DIRS ${PROJECT_SOURCE_DIR}/tests/runtime/proto)

foreach(module status log timer arena sp field packet packet_limits link_memory)
    fast_test(runtime/test_${module} LIBS fast_internal)
endforeach()
fast_test(runtime/test_check LIBS fast_internal fast_test_node)

foreach(module link_nng link_peer link_unix listener dialer nng_shortage)
    fast_test(runtime/test_${module} LIBS fast_internal
        SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/link_pair.c)
endforeach()
target_link_libraries(runtime_test_nng_shortage PRIVATE nng::nng)
target_link_options(runtime_test_nng_shortage PRIVATE
    -Wl,--wrap=nng_aio_alloc,--wrap=nng_stream_dialer_alloc,--wrap=nng_stream_listener_alloc)
