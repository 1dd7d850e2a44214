# All of fastctl but main(), for tests.
include(${PROJECT_SOURCE_DIR}/controller/cli/sources.cmake)
set(ctl_sources ${CTL_SOURCES})
list(FILTER ctl_sources EXCLUDE REGEX "/main\\.c$")
add_library(fastctl_core STATIC ${ctl_sources})
target_include_directories(fastctl_core PUBLIC ${PROJECT_SOURCE_DIR}/controller
    ${PROJECT_SOURCE_DIR}/plugin-sdk/include)
target_link_libraries(fastctl_core
    PUBLIC fast_api fast::json fast::runtime PkgConfig::JANSSON m PRIVATE fast_defaults)

foreach(module goal hold_meter hold_model hull options output quantity table top value)
    fast_test(controller/test_${module} LIBS fastctl_core)
endforeach()
fast_test(controller/test_hold_law LIBS fastctl_core SOURCES ${PROJECT_SOURCE_DIR}/tests/controller/hold_plant.c)

# The built program against a daemon made of plain handlers.
set(fake_sources fake_answers.c fake_fastd.c fastctl_run.c)
list(TRANSFORM fake_sources PREPEND ${PROJECT_SOURCE_DIR}/tests/controller/)
foreach(module ctl ctl_hold ctl_top)
    fast_test(controller/test_${module} LIBS fast_api fast::runtime PkgConfig::JANSSON
        SOURCES ${fake_sources})
    add_dependencies(controller_test_${module} fastctl)
endforeach()
