# rpc/.
fast_generate(TARGET fast_test_probe
    PROTOS testing/v1/probe.proto IMPORT_DIRS ${PROJECT_SOURCE_DIR}/tests/runtime/proto)
set(rpc_world
    ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_world.c ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_peer.c
    ${PROJECT_SOURCE_DIR}/tests/runtime/server_fixture.c)

foreach(module call_table input outbox methods)
    fast_test(runtime/test_${module} LIBS fast_internal)
endforeach()
foreach(module rpc_unary rpc_retry rpc_stream stream_peer rpc_memory publisher client_peer server_peer server_bytes)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe SOURCES ${rpc_world})
endforeach()
fast_test(runtime/test_rpc_soak LIBS fast_internal fast_test_probe
    SOURCES ${rpc_world} ${PROJECT_SOURCE_DIR}/tests/support/flat.c)
foreach(module rpc_allocations rpc_ipc rpc_stuck rpc_pool inproc protobuf_c protobuf_c_server)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe
        SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)
endforeach()
