#include "rpc/input.h"

#include "rpc/limits.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Of all read buffers that are larger than they need be. */
static atomic_size_t kept_bytes;

static void input_release(struct fast_input *input)
{
	atomic_fetch_sub_explicit(&kept_bytes, input->kept_bytes, memory_order_relaxed);
	input->kept_bytes = 0;
	input->kept_receives = 0;
}

/* Whether a buffer that grew stays as it is: often another long message follows, and memory that
 * was given back comes back a page fault at a time. */
static bool input_keep(struct fast_input *input)
{
	if (input->kept_bytes == 0) {
		input->kept_bytes = input->capacity;
		if (atomic_fetch_add_explicit(&kept_bytes, input->capacity, memory_order_relaxed) +
			    input->capacity >
		    FAST_INPUT_KEPT_BYTES_MAX) {
			return false;
		}
	}
	return ++input->kept_receives <= FAST_INPUT_KEPT_RECEIVES;
}

enum fast_status fast_input_init(struct fast_input *input)
{
	*input = (struct fast_input){.data = malloc(FAST_INPUT_BYTES)};
	if (input->data == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	input->capacity = FAST_INPUT_BYTES;
	return FAST_OK;
}

void fast_input_fini(struct fast_input *input)
{
	input_release(input);
	free(input->data);
	*input = (struct fast_input){.data = NULL};
}

void *fast_input_room(const struct fast_input *input, size_t *bytes)
{
	assert(input->filled < input->capacity);
	*bytes = input->capacity - input->filled;
	return input->data + input->filled;
}

/* Gives the buffer the size that the message at its start needs. It grows by doubling, as bytes
 * arrive: an announced length alone gets no memory. was_long: it held one just now. */
static enum fast_status input_resize(struct fast_input *input, size_t frame_bytes, bool was_long)
{
	size_t capacity = input->capacity;
	uint8_t *data;

	if (was_long || frame_bytes > FAST_INPUT_BYTES) {
		input_release(input);
	}
	if (frame_bytes > FAST_INPUT_BYTES) {
		if (input->filled == capacity) {
			capacity = frame_bytes < 2 * capacity ? frame_bytes : 2 * capacity;
		}
	} else if (capacity > FAST_INPUT_BYTES && !input_keep(input)) {
		input_release(input);
		capacity = FAST_INPUT_BYTES;
	}
	if (capacity == input->capacity || input->filled >= capacity) {
		return FAST_OK;
	}
	data = realloc(input->data, capacity);
	if (data == NULL) {
		return capacity < input->capacity ? FAST_OK : FAST_RESOURCE_EXHAUSTED;
	}
	input->data = data;
	input->capacity = capacity;
	return FAST_OK;
}

/* Whether the hello has arrived by now; *at moves past it. */
static enum fast_status input_take_hello(struct fast_input *input, enum fast_sp_protocol peer,
					 size_t *at)
{
	enum fast_status status;

	if (input->has_hello || input->filled < FAST_SP_HELLO_BYTES) {
		return FAST_OK;
	}
	status = fast_sp_hello_check(input->data, peer);
	if (status != FAST_OK) {
		return status;
	}
	input->has_hello = true;
	*at = FAST_SP_HELLO_BYTES;
	return FAST_OK;
}

enum fast_status fast_input_take(struct fast_input *input, size_t bytes,
				 const struct fast_input_rules *rules, fast_input_message_fn *fn,
				 void *arg)
{
	size_t at = 0;
	size_t frame_bytes = 0;
	bool was_long;
	enum fast_status status;

	assert(bytes <= input->capacity - input->filled);
	input->filled += bytes;
	was_long = input->filled > FAST_INPUT_BYTES;
	status = input_take_hello(input, rules->peer, &at);
	while (status == FAST_OK && input->has_hello) {
		const uint8_t *frame = input->data + at;
		size_t prefix_bytes = 0;
		status = fast_sp_prefix_read(rules->framing, frame, input->filled - at,
					     rules->message_bytes_max, &prefix_bytes, &frame_bytes);
		if (status != FAST_OK || frame_bytes == 0 || frame_bytes > input->filled - at) {
			break;
		}
		if (!fn(arg, frame + prefix_bytes, frame_bytes - prefix_bytes)) {
			status = FAST_CANCELLED;
		}
		at += frame_bytes;
	}
	if (status != FAST_OK) {
		return status;
	}
	input->filled -= at;
	if (at > 0 && input->filled > 0) {
		memmove(input->data, input->data + at, input->filled);
	}
	return input_resize(input, frame_bytes, was_long);
}
