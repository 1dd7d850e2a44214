set(CTL_SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/../client/connect.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/goal.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/message_json.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/output_cells.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/output_json.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/output_text.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/quantity.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/table.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/text.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/value.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_audit.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_bounds.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_claim.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_explain.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_profile.c
    ${CMAKE_CURRENT_LIST_DIR}/watch_knobs.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_get.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_history.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_runs.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_hold.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_metrics.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_params.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_plugins.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_rpc.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_rpc_call.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_rpc_load.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_set.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_status.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_top.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_wait.c
    ${CMAKE_CURRENT_LIST_DIR}/cmd_watch.c
    ${CMAKE_CURRENT_LIST_DIR}/command.c
    ${CMAKE_CURRENT_LIST_DIR}/hold_law.c
    ${CMAKE_CURRENT_LIST_DIR}/hold_learn.c
    ${CMAKE_CURRENT_LIST_DIR}/hold_loop.c
    ${CMAKE_CURRENT_LIST_DIR}/hold_meter.c
    ${CMAKE_CURRENT_LIST_DIR}/hold_model.c
    ${CMAKE_CURRENT_LIST_DIR}/hold_report.c
    ${CMAKE_CURRENT_LIST_DIR}/hold_session.c
    ${CMAKE_CURRENT_LIST_DIR}/hull.c
    ${CMAKE_CURRENT_LIST_DIR}/../client/interrupt.c
    ${CMAKE_CURRENT_LIST_DIR}/knob.c
    ${CMAKE_CURRENT_LIST_DIR}/main.c
    ${CMAKE_CURRENT_LIST_DIR}/options.c
    ${CMAKE_CURRENT_LIST_DIR}/rpc_headers.c
    ${CMAKE_CURRENT_LIST_DIR}/rpc_load.c
    ${CMAKE_CURRENT_LIST_DIR}/rpc_schema.c
    ${CMAKE_CURRENT_LIST_DIR}/sample.c
    ${CMAKE_CURRENT_LIST_DIR}/spark.c
    ${CMAKE_CURRENT_LIST_DIR}/terminal.c
    ${CMAKE_CURRENT_LIST_DIR}/top_model.c
    ${CMAKE_CURRENT_LIST_DIR}/top_render.c)
get_filename_component(ctl_include ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
set_property(SOURCE ${CTL_SOURCES} APPEND PROPERTY INCLUDE_DIRECTORIES
    ${ctl_include} ${PROJECT_SOURCE_DIR}/plugin-sdk/include)
set_property(SOURCE ${CMAKE_CURRENT_LIST_DIR}/main.c APPEND PROPERTY
    COMPILE_DEFINITIONS FASTCTL_VERSION="${PROJECT_VERSION}")
