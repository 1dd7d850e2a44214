#!/usr/bin/env bash
# refusal.sh PROTOC-GEN-FAST PROTOBUF-INCLUDE OUR-PROTOS: what cannot be generated is refused in words that help.
set -uo pipefail
plugin=$1
include=$2
protos=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# refused NAME MESSAGE: the proto on standard input is refused with this message.
refused() {
  cat >"$work/x.proto"
  mkdir -p "$work/out"
  if protoc -I "$work" -I "$include" -I "$protos" --plugin=protoc-gen-fast="$plugin" \
    --fast_out="$work/out" "$work/x.proto" >"$work/log" 2>&1; then
    echo "not ok - $1: it was taken"
    failed=1
  elif ! grep -qF -- "$2" "$work/log"; then
    printf 'not ok - %s: the message is not "%s" but\n' "$1" "$2"
    cat "$work/log"
    failed=1
  elif [ -n "$(ls "$work/out")" ]; then
    echo "not ok - $1: files were written"
    failed=1
  else
    echo "ok - $1 is refused"
  fi
}

message='message M { int32 x = 1; }'

refused 'proto3 optional' 'x.proto: message a.b.Out.In: field limit is "optional", which protobuf-c cannot generate in proto3; write "oneof _limit { ... limit = 7; }" instead, which is the same on the wire' <<E1
syntax = "proto3"; package a.b;
message Out { message In { optional int32 limit = 7; } }
E1
refused 'a field named base' 'x.proto: message a.b.M: field base has the name of the first member of protobuf-c'\''s struct; rename it, which changes nothing on the wire' <<E1
syntax = "proto3"; package a.b;
message M { int32 base = 1; }
E1
refused 'a field named Base' 'x.proto: message M: field Base has the name' <<E1
syntax = "proto3";
message M { int32 Base = 1; }
E1
refused 'a field named as base_field_name' 'x.proto: message M: field root has the name' <<E1
syntax = "proto3"; import "protobuf-c/protobuf-c.proto";
message M { option (pb_c_msg).base_field_name = "root"; int32 root = 1; int32 base = 2; }
E1
refused 'a group' 'x.proto: message a.b.M: field part is a group, which protobuf-c cannot read; use a message of its own instead' <<E1
syntax = "proto2"; package a.b;
message M { optional group Part = 1 { optional int32 x = 1; } }
E1
refused 'a service without methods' 'x.proto: service a.b.S has no methods; give it one, or remove it' <<E1
syntax = "proto3"; package a.b;
service S {}
E1
refused 'two methods of one C name' 'x.proto: service a.b.S/GetHTTP and service a.b.S/GetHttp both give the C name' <<E1
syntax = "proto3"; package a.b; $message
service S { rpc GetHTTP(M) returns (M); rpc GetHttp(M) returns (M); }
E1
refused 'a method named as the start of another' 'x.proto: service a.b.S/SetStart and service a.b.S/Set both give the C name a_b_s_set_start; rename one of them' <<E1
syntax = "proto3"; package a.b; $message
service S { rpc SetStart(M) returns (M); rpc Set(M) returns (M); }
E1
refused 'a method named as the next item of another' 'a_b_s_watch_next' <<E1
syntax = "proto3"; package a.b; $message
service S { rpc Watch(M) returns (stream M); rpc WatchNext(M) returns (M); }
E1
refused 'a method named as the item of a stream' 'a_b_s_put_on_item' <<E1
syntax = "proto3"; package a.b; $message
service S { rpc Put(stream M) returns (M); rpc PutOnItem(M) returns (M); }
E1
refused 'a method named as the end of a stream' 'a_b_s_put_finish' <<E1
syntax = "proto3"; package a.b; $message
service S { rpc Put(stream M) returns (M); rpc PutFinish(M) returns (M); }
E1
refused 'a method named as a half of a stream' 'a_b_s_talk_put' <<E1
syntax = "proto3"; package a.b; $message
service S { rpc Talk(stream M) returns (stream M); rpc TalkPut(M) returns (M); }
E1
refused 'methods of two services of one C name' 'x.proto: service a.b.Foo/BarBaz and service a.b.FooBar/Baz both give the C name a_b_foo_bar_baz' <<E1
syntax = "proto3"; package a.b; $message
service Foo { rpc BarBaz(M) returns (M); }
service FooBar { rpc Baz(M) returns (M); }
E1
refused 'a method named Service' 'x.proto: service a.b.S and service a.b.S/Service both give the C name a_b_s_service; rename one of them' <<E1
syntax = "proto3"; package a.b; $message
service S { rpc Service(M) returns (M); }
E1
refused 'a service named as a part of the runtime' 'x.proto: service fast.Client would give functions named fast_client_..., as the runtime'\''s own are; use a package of two or more parts' <<E1
syntax = "proto3"; package fast; $message
service Client { rpc Call(M) returns (M); }
E1

# rules NAME MESSAGE METHOD: a method with rules is refused.
rules() {
  refused "$1" "x.proto: a.b.S/Do $2" <<E1
syntax = "proto3"; package a.b; import "fast/v1/options.proto"; $message
service S { $3 }
E1
}
rules 'a resumable unary method' 'is resumable, which only a method that returns a stream and takes one message can be' \
  'rpc Do(M) returns (M) { option (fast.v1.rules).resumable = true; }'
rules 'a resumable method of streams both ways' 'is resumable, which only' \
  'rpc Do(stream M) returns (stream M) { option (fast.v1.rules).resumable = true; }'
rules 'a lossy client stream' 'is lossy, which only a method that returns a stream and takes one message can be' \
  'rpc Do(stream M) returns (M) { option (fast.v1.rules).lossy = true; }'
rules 'a stream that is lossy and resumable' 'is both lossy and resumable: one gives up the items that the other promises; choose' \
  'rpc Do(M) returns (stream M) { option (fast.v1.rules).lossy = true; option (fast.v1.rules).resumable = true; }'

# says NAME MESSAGE FLAG...: protoc, given the odd file with these flags, says this.
mv "$work/x.proto" "$work/odd<name>.proto"
says() {
  protoc -I "$work" -I "$protos" --plugin=protoc-gen-fast="$plugin" "${@:3}" "$work/odd<name>.proto" \
    >"$work/log" 2>&1
  if grep -qF -- "$2" "$work/log"; then
    echo "ok - $1 is refused"
  else
    echo "not ok - $1 is not refused"
    failed=1
  fi
}
says 'an odd path' 'its path cannot stand in an #include; rename it' --fast_out="$work/out"
says 'an option' 'option "colour" is unknown; there are none' --fast_out="colour:$work/out"

if printf 'no request' | "$plugin" >"$work/log" 2>&1; then
  echo 'not ok - what is no request was taken for one'
  failed=1
else
  echo 'ok - what is no request is refused'
fi
exit "$failed"
