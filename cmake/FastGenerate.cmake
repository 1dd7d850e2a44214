# fast_generate(TARGET <name> PROTOS <path>... IMPORT_DIRS <dir>... [LIBS <target>...] [MESSAGES_ONLY])
#
# Makes a static library of what is generated from PROTOS, which are paths below one of IMPORT_DIRS:
# protoc-c's messages (<path>.pb-c.h) and, unless MESSAGES_ONLY, the stubs of services
# (<path>.fast.h). LIBS are the libraries with the messages that PROTOS import. With stubs they may
# import fast/v1/options.proto, which is found by itself and of which nothing has to be linked.
cmake_policy(VERSION 3.25)

find_program(FAST_PROTOC protoc REQUIRED)
find_program(FAST_PROTOC_C protoc-c REQUIRED)
# Where our own schemas are; the installed package has said so already.
if(NOT FAST_PROTO_DIR)
    get_filename_component(FAST_PROTO_DIR ${CMAKE_CURRENT_LIST_DIR}/../proto ABSOLUTE)
endif()

# The commands for one proto; adds what they make to sources in the caller.
function(fast_generate_proto proto root messages_only)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(out ${CMAKE_CURRENT_BINARY_DIR}/generated)
    set(made ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h)
    set_source_files_properties(${out}/${stem}.pb-c.c PROPERTIES COMPILE_OPTIONS -w)
    if(messages_only)
        set(plugin)
        set(sets)
        set(commands COMMAND ${FAST_PROTOC_C} ${includes} --c_out=${out}
            --dependency_out=${out}/${stem}.d ${proto})
    else()
        # Ours goes first, because it says better than protoc-c what protoc-c cannot do.
        set(plugin fast::protoc-gen-fast)
        set(sets ${out}/${stem}.set ${out}/${stem}.c.set)
        set(made ${out}/${stem}.fast.c ${out}/${stem}.fast.h ${made})
        set(commands
            COMMAND ${FAST_PROTOC} ${includes} --plugin=protoc-gen-fast=$<TARGET_FILE:${plugin}>
            --fast_out=${out} --dependency_out=${out}/${stem}.d
            --descriptor_set_out=${out}/${stem}.set --include_imports --include_source_info ${proto}
            COMMAND ${plugin} --strip ${out}/${stem}.set ${out}/${stem}.c.set
            COMMAND ${FAST_PROTOC_C} --descriptor_set_in=${out}/${stem}.c.set --c_out=${out} ${proto})
    endif()
    get_filename_component(folder ${out}/${stem} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(OUTPUT ${made} BYPRODUCTS ${sets} ${commands}
        DEPENDS ${root}/${proto} ${plugin} DEPFILE ${out}/${stem}.d
        COMMENT "Generating from ${proto}" VERBATIM)
    set(sources ${sources} ${made} PARENT_SCOPE)
endfunction()

function(fast_generate)
    cmake_parse_arguments(arg "MESSAGES_ONLY" "TARGET" "PROTOS;IMPORT_DIRS;LIBS" ${ARGN})
    foreach(required TARGET PROTOS IMPORT_DIRS)
        if(NOT arg_${required})
            message(FATAL_ERROR "fast_generate: ${required} is missing")
        endif()
    endforeach()
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "fast_generate: ${arg_UNPARSED_ARGUMENTS} is not understood")
    endif()

    set(dirs)
    foreach(dir ${arg_IMPORT_DIRS})
        get_filename_component(dir ${dir} ABSOLUTE)
        list(APPEND dirs ${dir})
    endforeach()
    list(TRANSFORM dirs PREPEND -I OUTPUT_VARIABLE includes)
    list(APPEND includes -I${FAST_PROTO_DIR})
    set(sources)
    foreach(proto ${arg_PROTOS})
        find_path(root ${proto} PATHS ${dirs} NO_DEFAULT_PATH NO_CACHE)
        if(NOT root)
            message(FATAL_ERROR "fast_generate: ${proto} is in none of ${dirs}")
        endif()
        fast_generate_proto(${proto} ${root} ${arg_MESSAGES_ONLY})
        unset(root)
    endforeach()

    add_library(${arg_TARGET} STATIC ${sources})
    set_target_properties(${arg_TARGET} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_include_directories(${arg_TARGET} SYSTEM PUBLIC
        $<BUILD_INTERFACE:${CMAKE_CURRENT_BINARY_DIR}/generated> $<INSTALL_INTERFACE:include>)
    target_link_libraries(${arg_TARGET} PUBLIC ${arg_LIBS} PkgConfig::PROTOBUF_C)
    if(NOT arg_MESSAGES_ONLY)
        target_link_libraries(${arg_TARGET} PUBLIC fast::runtime)
    endif()
    if(TARGET fast_defaults)
        target_link_libraries(${arg_TARGET} PRIVATE $<BUILD_INTERFACE:fast_defaults>)
    endif()
endfunction()
