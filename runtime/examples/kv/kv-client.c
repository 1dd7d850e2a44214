/* kv-client ENDPOINT get KEY | put KEY VALUE | watch [COUNT] */
#include <kv.fast.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char *what, const struct fast_reply *reply)
{
	fprintf(stderr, "%s: %s: %s\n", what, fast_status_name(reply->status), reply->text);
	return 1;
}

static int get(struct fast_client *client, char **words)
{
	Kv__V1__GetRequest request = KV__V1__GET_REQUEST__INIT;
	struct fast_reply reply = {0};
	int code = 0;

	request.key = words[0];
	if (kv_v1_store_get(client, NULL, &request, &reply) == FAST_OK) {
		puts(kv_v1_store_get_response(&reply)->value);
	} else {
		code = failed("get", &reply);
	}
	fast_reply_fini(&reply);
	return code;
}

static int put(struct fast_client *client, char **words)
{
	Kv__V1__PutRequest request = KV__V1__PUT_REQUEST__INIT;
	struct fast_reply reply = {0};
	int code = 0;

	request.key = words[0];
	request.value = words[1];
	if (kv_v1_store_put(client, NULL, &request, &reply) == FAST_OK) {
		printf("revision %" PRIu64 "\n", kv_v1_store_put_response(&reply)->revision);
	} else {
		code = failed("put", &reply);
	}
	fast_reply_fini(&reply);
	return code;
}

static int watch(struct fast_client *client, char **words)
{
	Kv__V1__WatchRequest request = KV__V1__WATCH_REQUEST__INIT;
	const Kv__V1__WatchResponse *item = NULL;
	struct fast_stream *stream = NULL;
	long left = words[0] != NULL ? strtol(words[0], NULL, 10) : -1;
	int code = 0;

	if (kv_v1_store_watch(client, NULL, &request, &stream) != FAST_OK) {
		return 1;
	}
	while (left != 0) {
		enum fast_status status = kv_v1_store_watch_next(stream, -1, &item);

		if (status == FAST_DATA_LOSS && !fast_stream_ended(stream)) {
			fprintf(stderr, "watch: some changes were missed\n");
			continue;
		}
		if (status != FAST_OK) {
			code = failed("watch", fast_stream_reply(stream));
			break;
		}
		if (item == NULL) {
			break; /* the server has ended it */
		}
		printf("%" PRIu64 " %s=%s\n", item->revision, item->key, item->value);
		fflush(stdout);
		left -= left > 0;
	}
	fast_stream_close(stream);
	return code;
}

static const struct {
	const char *name;
	int words_min;
	int (*run)(struct fast_client *client, char **words);
} commands[] = {{"get", 1, get}, {"put", 2, put}, {"watch", 0, watch}};

int main(int argc, char **argv)
{
	struct fast_client *client = NULL;
	int code = 2;

	if (argc >= 3 && fast_client_open(argv[1], NULL, &client) == FAST_OK) {
		for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
			if (strcmp(argv[2], commands[i].name) == 0 &&
			    argc - 3 >= commands[i].words_min) {
				code = commands[i].run(client, argv + 3);
			}
		}
	}
	if (code == 2) {
		fprintf(stderr, "usage: kv-client ENDPOINT get KEY | put KEY VALUE | "
				"watch [COUNT]\n");
	}
	fast_client_close(client);
	return code;
}
