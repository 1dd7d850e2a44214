# link/tls*, and calls over it. Certificates are made by each program, with the openssl command line.
function(fast_tls_test path)
    string(REPLACE "/" "_" target ${path})
    fast_test(${path} LIBS fast_internal ${ARGN}
        SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/link_pair.c
                ${PROJECT_SOURCE_DIR}/tests/runtime/tls_world.c)
    target_compile_definitions(${target} PRIVATE FAST_TEST_SOURCE="${PROJECT_SOURCE_DIR}")
endfunction()

foreach(module tls_handshake tls_link tls_memory tls_options tls_session)
    fast_tls_test(runtime/test_${module})
endforeach()
fast_tls_test(runtime/test_tls_rpc fast_test_probe)
fast_tls_test(interop/test_tls_stock fast_test_probe nng::nng)
if(FAST_SANITIZE STREQUAL "thread")
    # ThreadSanitizer sees no order in what NNG's own TLS does inside it.
    set_tests_properties(interop/test_tls_stock PROPERTIES LABELS plain-only)
endif()
