# The installed tree: headers, libraries, programs, schemas, and the package that find_package(fast) reads.
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/fast)
set(proto_dir ${CMAKE_INSTALL_DATADIR}/fast/proto)

# Strangers link what the tree links: fast::runtime, fast::plugin, fast::json ...
set_target_properties(fast PROPERTIES EXPORT_NAME runtime)
foreach(name base packet messages services api descriptor json connect page plugin plugin_remote)
    set_target_properties(fast_${name} PROPERTIES EXPORT_NAME ${name})
endforeach()

install(TARGETS fast_base fast fast_packet fast_messages fast_services fast_api fast_descriptor fast_json fast_connect
    fast_page fast_plugin fast_plugin_remote protoc-gen-fast
    EXPORT fastTargets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS fastd fastctl fastprof RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY runtime/include/ plugin-sdk/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_BINARY_DIR}/proto/generated/fast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")
install(DIRECTORY proto/fast DESTINATION ${proto_dir} FILES_MATCHING PATTERN "*.proto")
install(EXPORT fastTargets NAMESPACE fast:: DESTINATION ${config_dir})

configure_package_config_file(cmake/fastConfig.cmake.in ${PROJECT_BINARY_DIR}/fastConfig.cmake
    INSTALL_DESTINATION ${config_dir} PATH_VARS proto_dir)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/fastConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
# For builds without CMake: what a plugin links.
file(RELATIVE_PATH prefix_from_pc /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(cmake/fast-plugin.pc.in ${PROJECT_BINARY_DIR}/fast-plugin.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/fast-plugin.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# For who runs a node. The unit names the program where it has just been installed.
install(CODE "set(bindir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    configure_file(${PROJECT_SOURCE_DIR}/controller/install/fastd.service.in ${PROJECT_BINARY_DIR}/fastd.service @ONLY)")
install(FILES ${PROJECT_BINARY_DIR}/fastd.service DESTINATION lib/systemd/system)
install(FILES controller/install/fastd.sysusers DESTINATION lib/sysusers.d RENAME fastd.conf)
foreach(page fastd.8 fastctl.1 fastprof.1)
    string(REPLACE "." ";" parts ${page})
    list(POP_FRONT parts program section)
    install(CODE "execute_process(COMMAND bash ${PROJECT_SOURCE_DIR}/controller/install/man.sh ${program}
        ${PROJECT_VERSION} ${PROJECT_BINARY_DIR}/bin/${program}
        OUTPUT_FILE ${PROJECT_BINARY_DIR}/${page} COMMAND_ERROR_IS_FATAL ANY)")
    install(FILES ${PROJECT_BINARY_DIR}/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
foreach(program fastctl fastprof fastd) # bash looks for a file of the command's name
    install(FILES controller/install/completion.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program})
endforeach()
install(FILES ${PROJECT_BINARY_DIR}/fastConfig.cmake ${PROJECT_BINARY_DIR}/fastConfigVersion.cmake
    cmake/FastGenerate.cmake DESTINATION ${config_dir})
