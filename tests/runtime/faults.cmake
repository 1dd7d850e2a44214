# Real sockets with harm between, and peers that never answer.
set(faults_sources
    ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c ${PROJECT_SOURCE_DIR}/tests/runtime/deadlines.c
    ${PROJECT_SOURCE_DIR}/tests/runtime/faults_world.c ${PROJECT_SOURCE_DIR}/tests/support/flat.c
    ${PROJECT_SOURCE_DIR}/tests/support/fault_pair.c ${PROJECT_SOURCE_DIR}/tests/support/fault_proxy.c)

foreach(module rpc_faults rpc_deadlines rpc_proxy_soak)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_flow fast_test_probe
        SOURCES ${faults_sources})
endforeach()
fast_test(runtime/test_rpc_deadlines_fake LIBS fast_internal fast_test_flow fast_test_probe
    SOURCES ${flow_world})
