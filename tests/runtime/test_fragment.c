#include "support/harness.h"

#include "rpc/fragment.h"
#include "rpc/input.h"
#include "rpc/limits.h"
#include "rpc/outbox.h"
#include "support/fault_alloc.h"
#include <fast/v1/packet.pb-c.h>
#include <stdlib.h>
#include <string.h>

#define ID        0x80000007u
#define LONG_TEXT 100000

/* A message of so many bytes, as the payload of a packet: any message will do. */
struct text {
	Fast__V1__StatusDetail message;
	uint8_t *bytes;
};

static struct text text_of(size_t bytes)
{
	struct text text = {FAST__V1__STATUS_DETAIL__INIT, malloc(bytes)};

	assert_non_null(text.bytes);
	for (size_t i = 0; i < bytes; i++) {
		text.bytes[i] = (uint8_t)(i * 31 + i / 251);
	}
	text.message.value = (ProtobufCBinaryData){bytes, text.bytes};
	return text;
}

static struct fast_frame *frame_of(const struct text *text, enum fast_sp_framing framing,
				   enum fast_lane lane)
{
	const struct fast_packet packet = {
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ITEM,
		.sequence = 300,
		.dropped = 7,
	};
	struct fast_frame *frame = NULL;
	uint8_t header[4];

	fast_id_write(ID, header);
	assert_ok(fast_frame_packet(framing, header, sizeof header, &packet, &text->message.base,
				    FAST_MESSAGE_BYTES_MAX, &frame));
	frame->lane = lane;
	return frame;
}

/* What a reader gets from an outbox. */
struct reading {
	struct fast_joiner joiner;
	unsigned pieces;
	unsigned messages;
	size_t longest;
	const struct text *text;
};

static bool reading_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct reading *reading = arg;
	struct fast_packet packet;
	const char *reason;
	size_t header_bytes = 0;
	uint32_t id = 0;
	size_t packed = fast__v1__status_detail__get_packed_size(&reading->text->message);

	assert_ok(fast_sp_header_read(message, bytes, &header_bytes, &id));
	assert_int_equal(ID, id);
	assert_ok(fast_packet_read(message + header_bytes, bytes - header_bytes, &packet, &reason));
	reading->pieces++;
	reading->longest =
		packet.payload.bytes > reading->longest ? packet.payload.bytes : reading->longest;
	if (fast_joiner_take(&reading->joiner, id, message + header_bytes, bytes - header_bytes,
			     &packet) != FAST_JOINED_WHOLE) {
		return true;
	}
	reading->messages++;
	assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_ITEM, packet.kind);
	assert_int_equal(300, packet.sequence);
	assert_int_equal(7, packet.dropped);
	assert_false(packet.more);
	assert_int_equal(packed, packet.payload.bytes);
	/* The text is the last that is packed. */
	assert_memory_equal(reading->text->bytes,
			    packet.payload.data + packed - reading->text->message.value.len,
			    reading->text->message.value.len);
	fast_joiner_release(&reading->joiner);
	return true;
}

/* Everything in the outbox, through a reader. */
static void pass_all(struct fast_outbox *outbox, struct fast_input *input, struct reading *reading)
{
	const struct fast_input_rules rules = {
		.framing = outbox->framing,
		.peer = FAST_SP_REP,
		.message_bytes_max = FAST_MESSAGE_BYTES_MAX,
	};

	input->has_hello = true;
	while (fast_outbox_begin(outbox)) {
		bool goes_on = true;
		while (goes_on) {
			struct iovec *iov = &outbox->iov[outbox->iov_first];
			size_t room_bytes;
			void *room = fast_input_room(input, &room_bytes);
			size_t n = iov->iov_len < room_bytes ? iov->iov_len : room_bytes;
			memcpy(room, iov->iov_base, n);
			goes_on = fast_outbox_advance(outbox, n);
			assert_ok(fast_input_take(input, n, &rules, reading_message, reading));
		}
	}
}

static void check_passage(enum fast_sp_framing framing, size_t text_bytes, size_t fragment_bytes)
{
	struct text text = text_of(text_bytes);
	struct reading reading = {.joiner = {.message_bytes_max = FAST_MESSAGE_BYTES_MAX},
				  .text = &text};
	struct fast_outbox outbox;
	struct fast_input input;

	fast_outbox_init(&outbox, framing);
	outbox.fragment_bytes = fragment_bytes;
	assert_ok(fast_input_init(&input));
	for (unsigned i = 0; i < 3; i++) {
		fast_outbox_push(&outbox, frame_of(&text, framing, FAST_LANE_BULK));
	}
	pass_all(&outbox, &input, &reading);
	assert_int_equal(3, reading.messages);
	assert_int_equal(0, outbox.waiting_bytes);
	assert_int_equal(0, outbox.waiting_count);
	if (fragment_bytes > 0) {
		assert_in_range(reading.longest, 0, fragment_bytes);
	} else {
		assert_int_equal(3, reading.pieces);
	}
	fast_joiner_fini(&reading.joiner);
	fast_input_fini(&input);
	fast_outbox_fini(&outbox);
	free(text.bytes);
}

static void messages_pass_in_pieces_and_are_whole_again(void **state)
{
	static const size_t sizes[] = {0,     1,     1000,  16380,     16384,
				       16385, 32768, 65535, LONG_TEXT, 3 << 20};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(sizes); i++) {
		check_passage(FAST_SP_TCP, sizes[i], FAST_FRAGMENT_BYTES);
		check_passage(FAST_SP_IPC, sizes[i], FAST_FRAGMENT_BYTES);
		check_passage(FAST_SP_IPC, sizes[i], FAST_FRAGMENT_BYTES_MIN);
		check_passage(FAST_SP_TCP, sizes[i], 0);
	}
}

/* Takes what the send under way holds. */
static void send_once(struct fast_outbox *outbox)
{
	assert_true(fast_outbox_begin(outbox));
	assert_false(fast_outbox_advance(outbox, outbox->iov_bytes));
}

static void control_goes_between_the_pieces_of_bulk(void **state)
{
	struct text text = text_of(LONG_TEXT);
	struct text small = text_of(10);
	struct fast_outbox outbox;
	struct fast_frame *control;

	(void)state;
	fast_outbox_init(&outbox, FAST_SP_TCP);
	outbox.fragment_bytes = FAST_FRAGMENT_BYTES;
	fast_outbox_push(&outbox, frame_of(&text, FAST_SP_TCP, FAST_LANE_BULK));
	send_once(&outbox);
	assert_int_equal(1, outbox.waiting_count);
	control = frame_of(&small, FAST_SP_TCP, FAST_LANE_CONTROL);
	fast_outbox_push(&outbox, control);
	assert_true(fast_outbox_begin(&outbox));
	/* First the control frame, then the next piece: neither waits for the other to be done. */
	assert_int_equal(control->byte_count, outbox.iov[0].iov_len);
	assert_in_range(outbox.iov_bytes, control->byte_count + FAST_FRAGMENT_BYTES, LONG_TEXT);
	assert_false(fast_outbox_advance(&outbox, outbox.iov_bytes));
	fast_outbox_fini(&outbox);
	free(text.bytes);
	free(small.bytes);
}

static void what_the_window_takes_at_once_goes_in_one_piece(void **state)
{
	struct text text = text_of(LONG_TEXT);
	struct fast_timers *timers = NULL;
	struct fast_outbox outbox;
	struct fast_frame *frame = frame_of(&text, FAST_SP_TCP, FAST_LANE_BULK);
	size_t frame_bytes = frame->byte_count;

	(void)state;
	assert_ok(fast_timers_new_fake(1, &timers));
	fast_outbox_init(&outbox, FAST_SP_TCP);
	outbox.fragment_bytes = FAST_FRAGMENT_BYTES;
	fast_window_open(&outbox.window, timers);
	outbox.window.bytes = frame_bytes + frame_bytes / 2;
	fast_outbox_push(&outbox, frame);
	fast_outbox_push(&outbox, frame_of(&text, FAST_SP_TCP, FAST_LANE_BULK));
	assert_true(fast_outbox_begin(&outbox));
	assert_int_equal(frame_bytes, outbox.iov[0].iov_len);
	assert_int_equal(1, outbox.waiting_count);
	assert_false(fast_outbox_advance(&outbox, outbox.iov_bytes));
	/* For the other one there is half the room. */
	assert_true(fast_outbox_begin(&outbox));
	assert_in_range(outbox.iov[0].iov_len, FAST_FRAGMENT_BYTES, FAST_FRAGMENT_BYTES + 64);
	assert_int_equal(1, outbox.waiting_count);
	fast_outbox_fini(&outbox);
	fast_timers_free(timers);
	free(text.bytes);
}

static void bulk_has_its_part_of_every_send(void **state)
{
	struct text text = text_of(FAST_BATCH_FRAME_BYTES_MAX + 1);
	struct fast_outbox outbox;
	bool bulk_was_sent = false;

	(void)state;
	fast_outbox_init(&outbox, FAST_SP_TCP);
	for (unsigned i = 0; i < 100; i++) {
		fast_outbox_push(&outbox, frame_of(&text, FAST_SP_TCP, FAST_LANE_CONTROL));
	}
	fast_outbox_push(&outbox, frame_of(&text, FAST_SP_TCP, FAST_LANE_BULK));
	send_once(&outbox);
	bulk_was_sent = fast_list_is_empty(&outbox.lanes[FAST_LANE_BULK]);
	assert_true(bulk_was_sent);
	assert_false(fast_list_is_empty(&outbox.lanes[FAST_LANE_CONTROL]));
	fast_outbox_fini(&outbox);
	free(text.bytes);
}

static void a_message_given_up_between_two_pieces_is_gone(void **state)
{
	struct text text = text_of(LONG_TEXT);
	struct fast_outbox outbox;
	struct fast_frame *kept = frame_of(&text, FAST_SP_TCP, FAST_LANE_BULK);

	(void)state;
	kept->kept = true;
	fast_outbox_init(&outbox, FAST_SP_TCP);
	outbox.fragment_bytes = FAST_FRAGMENT_BYTES;
	fast_outbox_push(&outbox, kept);
	send_once(&outbox);
	assert_int_equal(FAST_FRAME_SENDING, kept->state);
	fast_outbox_drop(&outbox, kept); /* freed, as ASan knows */
	assert_int_equal(0, outbox.waiting_bytes);
	assert_false(fast_outbox_begin(&outbox));

	kept = frame_of(&text, FAST_SP_TCP, FAST_LANE_BULK);
	kept->kept = true;
	fast_outbox_push(&outbox, kept);
	assert_true(fast_outbox_begin(&outbox));
	fast_outbox_drop(&outbox, kept); /* the link still reads from it */
	assert_false(fast_outbox_advance(&outbox, outbox.iov_bytes));
	assert_false(fast_outbox_begin(&outbox));
	fast_outbox_fini(&outbox);
	free(text.bytes);
}

static void a_request_of_which_pieces_were_written_counts_as_sent(void **state)
{
	struct text text = text_of(LONG_TEXT);
	struct fast_outbox outbox;
	struct fast_frame *begun = frame_of(&text, FAST_SP_TCP, FAST_LANE_BULK);
	struct fast_frame *waiting = frame_of(&text, FAST_SP_TCP, FAST_LANE_BULK);

	(void)state;
	begun->kept = true;
	waiting->kept = true;
	fast_outbox_init(&outbox, FAST_SP_TCP);
	outbox.fragment_bytes = FAST_FRAGMENT_BYTES;
	fast_outbox_push(&outbox, begun);
	fast_outbox_push(&outbox, waiting);
	send_once(&outbox);
	fast_outbox_fail(&outbox);
	assert_int_equal(FAST_FRAME_SENT, begun->state);
	assert_int_equal(FAST_FRAME_IDLE, waiting->state);
	/* Of a batch that did not leave at all nothing was sent. */
	fast_outbox_push(&outbox, waiting);
	assert_true(fast_outbox_begin(&outbox));
	fast_outbox_fail(&outbox);
	assert_int_equal(FAST_FRAME_IDLE, waiting->state);
	fast_outbox_fini(&outbox);
	fast_frame_free(begun);
	fast_frame_free(waiting);
	free(text.bytes);
}

/* A packet for a joiner, as it would have been read. */
static enum fast_joined join(struct fast_joiner *joiner, uint32_t id, Fast__V1__PacketKind kind,
			     const char *payload, bool more)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	struct fast_packet read;
	const char *reason;
	uint8_t packed[256];
	size_t bytes;

	packet.kind = kind;
	packet.more = more;
	packet.payload = (ProtobufCBinaryData){strlen(payload), (uint8_t *)(uintptr_t)payload};
	bytes = fast__v1__packet__pack(&packet, packed);
	assert_ok(fast_packet_read(packed, bytes, &read, &reason));
	return fast_joiner_take(joiner, id, packed, bytes, &read);
}

#define ITEM   FAST__V1__PACKET_KIND__PACKET_KIND_ITEM
#define ANSWER FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE

static void what_cannot_be_joined_is_broken(void **state)
{
	struct fast_joiner joiner = {.message_bytes_max = 80};

	(void)state;
	assert_int_equal(FAST_JOINED_BROKEN, join(&joiner, 1, ITEM, "", true));
	assert_int_equal(FAST_JOINED_PIECE, join(&joiner, 1, ITEM, "first", true));
	assert_int_equal(FAST_JOINED_WHOLE, join(&joiner, 2, ITEM, "another call's", false));
	assert_int_equal(FAST_JOINED_WHOLE, join(&joiner, 1, ANSWER, "", false));
	assert_int_equal(FAST_JOINED_BROKEN, join(&joiner, 1, ANSWER, "between", false));
	/* A first fragment needs a kind, more and a payload: about ten bytes without it. */
	assert_int_equal(FAST_JOINED_PIECE,
			 join(&joiner, 1, ITEM, "0123456789012345678901234567890123456789", true));
	assert_int_equal(FAST_JOINED_BROKEN,
			 join(&joiner, 1, ITEM, "0123456789012345678901234567890123456789", true));
	fast_joiner_drop(&joiner, 1);
	assert_int_equal(0, joiner.count);
	for (uint32_t id = 1; id <= FAST_JOINS_MAX; id++) {
		assert_int_equal(FAST_JOINED_PIECE, join(&joiner, id, ITEM, "x", true));
	}
	assert_int_equal(FAST_JOINED_BROKEN, join(&joiner, 99, ITEM, "x", true));
	assert_int_equal(FAST_JOINED_WHOLE, join(&joiner, 2, ITEM, "y", false));
	assert_int_equal(FAST_JOINED_PIECE, join(&joiner, 99, ITEM, "x", true));
	fast_joiner_fini(&joiner);
}

static void without_memory_a_message_is_not_joined(void **state)
{
	struct fast_joiner joiner = {.message_bytes_max = FAST_MESSAGE_BYTES_MAX};

	(void)state;
	fault_alloc_after(0);
	assert_int_equal(FAST_JOINED_BROKEN, join(&joiner, 1, ITEM, "x", true));
	assert_true(fault_alloc_fired());
	fault_alloc_after(-1);
	assert_int_equal(0, joiner.count);
	fast_joiner_fini(&joiner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_pass_in_pieces_and_are_whole_again),
		cmocka_unit_test(control_goes_between_the_pieces_of_bulk),
		cmocka_unit_test(what_the_window_takes_at_once_goes_in_one_piece),
		cmocka_unit_test(bulk_has_its_part_of_every_send),
		cmocka_unit_test(a_message_given_up_between_two_pieces_is_gone),
		cmocka_unit_test(a_request_of_which_pieces_were_written_counts_as_sent),
		cmocka_unit_test(what_cannot_be_joined_is_broken),
		cmocka_unit_test(without_memory_a_message_is_not_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
