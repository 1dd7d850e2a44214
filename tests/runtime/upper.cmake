# rpc/.
fast_generate(TARGET fast_test_probe
    PROTOS testing/v1/probe.proto IMPORT_DIRS ${PROJECT_SOURCE_DIR}/tests/runtime/proto)
set(rpc_world
    ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_world.c ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_peer.c
    ${PROJECT_SOURCE_DIR}/tests/runtime/server_fixture.c)

foreach(module rpc_unary server_peer server_bytes)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe SOURCES ${rpc_world})
endforeach()
