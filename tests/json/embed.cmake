# Writes the bytes of IN as arrays NAME_set and NAME_set_bytes in OUT.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){16})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"json_world.h\"\n\nconst uint8_t ${NAME}_set[] = {\n${bytes}\n};\nconst size_t ${NAME}_set_bytes = sizeof ${NAME}_set;\n")
