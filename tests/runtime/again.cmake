# Calls that are sent again, and clients of several endpoints.
foreach(module server_once once_settled rpc_once rpc_policy once_soak)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe SOURCES ${rpc_world})
endforeach()
foreach(module once_ipc endpoints)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe
        SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)
endforeach()
# ThreadSanitizer knows no threads in a forked child, where a client starts some.
if(NOT FAST_SANITIZE STREQUAL "thread")
    fast_test(runtime/test_own_sockets LIBS fast_internal fast_test_probe
        SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)
endif()
