# Calls that are sent again.
foreach(module server_once rpc_once rpc_policy once_soak)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe SOURCES ${rpc_world})
endforeach()
fast_test(runtime/test_once_ipc LIBS fast_internal fast_test_probe
    SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)
