# Streams to the server, and both ways.
fast_generate(TARGET fast_test_flow
    PROTOS testing/v1/flow.proto IMPORT_DIRS ${PROJECT_SOURCE_DIR}/tests/runtime/proto)
set(flow_world ${rpc_world} ${PROJECT_SOURCE_DIR}/tests/runtime/flow_world.c)

foreach(module rpc_client_stream rpc_bidi rpc_flow_soak rpc_flow_memory server_input)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_flow fast_test_probe
        SOURCES ${flow_world})
endforeach()
foreach(module rpc_flow_ipc rpc_flow_workers)
    fast_test(runtime/test_${module} LIBS fast::runtime fast_test_flow
        SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/flow_real.c)
endforeach()
