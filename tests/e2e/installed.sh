#!/usr/bin/env bash
# A stranger's project builds against the installed tree: a plugin, and a service of its own.
. "$(dirname "$0")/util.sh"

check 'the tree installs' cmake --install "$FASTD_BIN/.." --prefix "$world/prefix"
mkdir "$world/project"
cat >"$world/project/CMakeLists.txt" <<'TEXT'
cmake_minimum_required(VERSION 3.25)
project(stranger C)
find_package(fast REQUIRED)
fast_generate(TARGET greeter PROTOS greeter.proto IMPORT_DIRS ${CMAKE_CURRENT_SOURCE_DIR})
add_executable(stranger main.c)
target_link_libraries(stranger PRIVATE greeter fast::plugin)
add_library(wrapped SHARED wrapped.c)
target_link_libraries(wrapped PRIVATE greeter)
add_executable(caller caller.c)
target_link_libraries(caller PRIVATE wrapped)
TEXT
cat >"$world/project/wrapped.c" <<'TEXT'
#include <fast/client.h>
#include <greeter.fast.h>

/* A shared library that has the runtime inside. */
int wrapped_status(void)
{
	Stranger__V1__GreetRequest request = STRANGER__V1__GREET_REQUEST__INIT;
	struct fast_client *client;
	struct fast_reply reply = { 0 };
	int status = -1;

	if (fast_client_open("inproc://nobody", NULL, &client) == FAST_OK) {
		status = stranger_v1_greeter_greet(client, NULL, &request, &reply);
		fast_reply_fini(&reply);
		fast_client_close(client);
	}
	return status;
}
TEXT
cat >"$world/project/caller.c" <<'TEXT'
int wrapped_status(void);
int main(void)
{
	return wrapped_status() == 14 ? 0 : 1; /* UNAVAILABLE */
}
TEXT
cat >"$world/project/greeter.proto" <<'TEXT'
syntax = "proto3";
package stranger.v1;
import "fast/v1/options.proto";
// Greets.
service Greeter {
  // Greets by name.
  rpc Greet(GreetRequest) returns (GreetResponse) {
    option (fast.v1.rules).priority = PRIORITY_CONTROL;
  }
}
message GreetRequest { string name = 1; }
message GreetResponse { string text = 1; }
TEXT
cat >"$world/project/main.c" <<'TEXT'
#include <fast/client.h>
#include <fast/plugin.h>
#include <fast/server.h>
#include <fast/v1/health.fast.h>
#include <greeter.fast.h>
#include <stdio.h>

static void greet(struct fast_call *call, const Stranger__V1__GreetRequest *request, void *arg)
{
	Stranger__V1__GreetResponse response = STRANGER__V1__GREET_RESPONSE__INIT;
	char text[128];

	(void)arg;
	snprintf(text, sizeof text, "hello, %s", request->name);
	response.text = text;
	stranger_v1_greeter_greet_reply(call, &response);
}

int main(int argc, char **argv)
{
	static const struct stranger_v1_greeter_handlers handlers = { .greet = greet };
	Stranger__V1__GreetRequest request = STRANGER__V1__GREET_REQUEST__INIT;
	Fast__V1__HealthCheckRequest check = FAST__V1__HEALTH_CHECK_REQUEST__INIT;
	struct fast_server *server;
	struct fast_client *client;
	struct fast_plugin *plugin;
	struct fast_reply reply = { 0 };

	if (argc != 2 || fast_plugin_open("stranger", NULL, &plugin) != FAST_OK ||
	    fast_server_open(NULL, &server) != FAST_OK ||
	    fast_server_add(server, &stranger_v1_greeter_service, &handlers, NULL, 0) != FAST_OK ||
	    fast_server_listen(server, argv[1], 0) != FAST_OK ||
	    fast_client_open(argv[1], NULL, &client) != FAST_OK) {
		return 1;
	}
	if (stranger_v1_greeter_service.methods[0].priority != FAST_PRIORITY_CONTROL) {
		return 1;
	}
	request.name = "world";
	if (stranger_v1_greeter_greet(client, NULL, &request, &reply) != FAST_OK) {
		return 1;
	}
	puts(stranger_v1_greeter_greet_response(&reply)->text);
	fast_reply_fini(&reply);
	check.service = "stranger.v1.Greeter";
	if (fast_v1_health_check(client, NULL, &check, &reply) != FAST_OK) {
		return 1;
	}
	fast_reply_fini(&reply);
	fast_client_close(client);
	fast_server_close(server);
	fast_plugin_close(plugin);
	return 0;
}
TEXT
check 'its project configures' cmake -S "$world/project" -B "$world/build" -G Ninja \
  -DCMAKE_PREFIX_PATH="$world/prefix"
check 'and builds' cmake --build "$world/build"
said=$("$world/build/stranger" "ipc://$world/greeter.sock")
[ "$said" = 'hello, world' ] && pass 'and its service answers' || fail "and its service answers (said: $said)"
check 'a shared library may have the runtime inside' "$world/build/caller"
refuses 'shared libraries of fastd itself are refused, with the reason' 1 'static libraries are position-independent' \
  cmake -S "$FASTD_SOURCE" -B "$world/shared" -G Ninja -DBUILD_SHARED_LIBS=ON

# Without CMake, as the README has it; and what systemd is told.
cp "$FASTD_SOURCE/plugin-sdk/examples/knob.c" "$world"
check 'pkg-config says what a plugin links' env PKG_CONFIG_PATH="$world/prefix/lib/pkgconfig" \
  sh -c "cc -Wall -Werror $world/knob.c \$(pkg-config --cflags --libs fast-plugin) -o $world/knob"
check 'and it runs' "$world/knob" 1
unit=$world/prefix/lib/systemd/system/fastd.service
check 'the unit starts what was installed' grep -q "^ExecStart=$world/prefix/bin/fastd " "$unit"
if command -v systemd-analyze >/dev/null; then
  check 'systemd takes the unit' sh -c "systemd-analyze verify $unit 2>&1 | { ! grep fastd; }"
else
  skip 'systemd-analyze is not installed: nobody else reads the unit'
fi
sed -n 's/^ExecStart=[^ ]* \(.*\) \$FASTD_OPTIONS$/\1/p' "$unit" >"$world/options"
check 'fastd takes its options' sh -c "xargs $world/prefix/bin/fastd --check <$world/options"

for page in man8/fastd.8 man1/fastctl.1 man1/fastprof.1; do
  check "the manual has $page" grep -q '^.SH SYNOPSIS' "$world/prefix/share/man/$page"
done

# The example service, with its own build: a store that can be watched.
check 'the example service configures' cmake -S "$FASTD_SOURCE/runtime/examples/kv" -B "$world/kv" -G Ninja \
  -DCMAKE_PREFIX_PATH="$world/prefix"
check 'and builds' cmake --build "$world/kv"
kv() { "$world/kv/kv-client" "ipc://$world/kv.sock" "$@"; }
start kv "$world/kv/kv-server" "ipc://$world/kv.sock"
server=$started
check 'a key is put' wait_until 10 kv put color red
[ "$(kv get color)" = red ] && pass 'and got' || fail 'and got'
refuses 'a key that is not there is told' 1 "NOT_FOUND: there is no key 'size'" \
  "$world/kv/kv-client" "ipc://$world/kv.sock" get size
start watch "$world/kv/kv-client" "ipc://$world/kv.sock" watch 1
watcher=$started
seen() { kv put color green && grep -q 'color=green' "$world/watch.log"; }
check 'a watcher sees a change' wait_until 10 seen
wait "$watcher" && pass 'and ends when it has seen enough' || fail 'and ends when it has seen enough'
start watch "$world/kv/kv-client" "ipc://$world/kv.sock" watch
shows() { kv put color "$1" && grep -q "color=$1" "$world/watch.log"; }
check 'a second watcher sees changes' wait_until 10 shows blue
kill -TERM "$server"
wait "$server" && pass 'the server ends cleanly' || fail 'the server ends cleanly'
start kv "$world/kv/kv-server" "ipc://$world/kv.sock"
check 'the watcher goes on at the next server' wait_until 10 shows white

# The files of docs/rpc.md, as they stand there: what follows a line that is a name alone.
mkdir "$world/hello"
awk -v folder="$world/hello/" '/^`[^` ]+`:$/ { name = folder substr($0, 2, length($0) - 3); next }
  name != "" && /^    / { print substr($0, 5) > name; next }
  name != "" && NF { name = "" }' "$FASTD_SOURCE/docs/rpc.md"
sed -i "s|/tmp/hello.sock|$world/hello.sock|" "$world/hello/server.c" "$world/hello/client.c"
check 'the project of the page configures' cmake -S "$world/hello" -B "$world/hello/build" \
  -DCMAKE_PREFIX_PATH="$world/prefix" -DCMAKE_C_FLAGS='-Wall -Wextra -Werror'
check 'and builds' cmake --build "$world/hello/build"
mkfifo "$world/enter"
"$world/hello/build/hello-server" <"$world/enter" &
server=$!
exec 3>"$world/enter"
check 'its server listens' wait_until 10 test -S "$world/hello.sock"
check 'its client is greeted' test "$("$world/hello/build/hello-client" you)" = you
check 'a failure says why' grep -q 'INVALID_ARGUMENT: whom?' <("$world/hello/build/hello-client" '' 2>&1)
echo >&3
wait "$server" && pass 'and Enter ends it' || fail 'and Enter ends it'
exit "$failed"
