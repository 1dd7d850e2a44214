# The services that every server has.
fast_generate(TARGET fast_test_second
    PROTOS testing/v1/second.proto IMPORT_DIRS ${PROJECT_SOURCE_DIR}/tests/runtime/proto
    LIBS fast_test_probe)
set(services_world
    ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_world.c ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_peer.c
    ${PROJECT_SOURCE_DIR}/tests/runtime/services_world.c)

foreach(module health reflection)
    fast_test(runtime/test_${module}
        LIBS fast_internal fast_test_second fast_test_probe fast_generator_messages
        SOURCES ${services_world})
endforeach()
foreach(module admin admin_lists)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe
        SOURCES ${services_world} ${PROJECT_SOURCE_DIR}/tests/runtime/admin_world.c)
endforeach()
fast_test(runtime/test_services_faults LIBS fast_internal fast_test_probe SOURCES ${services_world})
fast_test(runtime/test_services_ipc LIBS fast_internal fast_test_probe
    SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)
