/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A mailbox: a processor device (SPC-2 clause 9) on the raw layer.
 *
 * What one initiator SENDs, any initiator can RECEIVE, once, in order. The
 * handler sees nothing but these two commands; the rest is the library's.
 *
 *	cc -o mailbox raw.c $(pkg-config --cflags --libs libscstuser)
 *	./mailbox --device name=box,slots=16
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <scstuser/scstuser.h>

#define SEND	    0x0a
#define RECEIVE	    0x08
#define MESSAGE_MAX 65536

struct message {
	struct message *next;
	size_t length;
	char text[];
};

struct mailbox {
	struct message *first, **last;
	uint64_t count, slots;
};

/* Both CDBs have their transfer length in bytes 2 to 4. */
static size_t cdb_length(const struct scstu_req *req)
{
	const uint8_t *cdb = scstu_raw_cdb(req, NULL);

	return cdb[2] << 16 | cdb[3] << 8 | cdb[4];
}

static void box_send(struct mailbox *box, struct scstu_req *req)
{
	size_t length = cdb_length(req);
	struct message *message;

	if (length > MESSAGE_MAX || scstu_req_length(req) < length) {
		scstu_fail(req, SCSTU_SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	message = malloc(sizeof(*message) + length);
	if (!message || box->count == box->slots) {
		free(message);
		scstu_raw_status(req, 0x08);		/* BUSY */
		return;
	}
	message->next = NULL;
	message->length = scstu_req_get(req, 0, message->text, length);
	*box->last = message;
	box->last = &message->next;
	box->count++;
	scstu_raw_transferred(req, length, length);
	scstu_done(req);
}

/* No message: no data, which is no error. */
static void box_receive(struct mailbox *box, struct scstu_req *req)
{
	struct message *message = box->first;
	size_t length = cdb_length(req);

	if (message) {
		if (length > message->length)
			length = message->length;
		scstu_raw_transferred(req, scstu_req_put(req, 0, message->text,
							 length), length);
		box->first = message->next;
		if (!box->first)
			box->last = &box->first;
		box->count--;
		free(message);
	}
	scstu_done(req);
}

static void box_execute(struct scstu_req *req)
{
	if (scstu_raw_cdb(req, NULL)[0] == SEND)
		box_send(scstu_req_dev_private(req), req);
	else
		box_receive(scstu_req_dev_private(req), req);
}

static int box_open(struct scstu_dev *dev)
{
	struct scstu_raw raw = { SCSTU_RAW_INIT, .type = 3 };
	struct mailbox *box = calloc(1, sizeof(*box));

	if (!box)
		return -ENOMEM;
	box->last = &box->first;
	box->slots = scstu_dev_number(dev, "slots");
	scstu_dev_set_private(dev, box);
	raw.max_transfer = MESSAGE_MAX;
	return scstu_raw_configure(dev, &raw);
}

static void box_close(struct scstu_dev *dev)
{
	struct mailbox *box = scstu_dev_private(dev);
	struct message *message, *next;

	for (message = box->first; message; message = next) {
		next = message->next;
		free(message);
	}
	free(box);
}

static const struct scstu_param box_params[] = {
	{ "slots", SCSTU_NUMBER, "messages that wait at most", "16" },
	{ 0 }
};

static const struct scstu_opcode box_opcodes[] = {
	{ SEND, 6, SCSTU_NO_SERVICE_ACTION, SCSTU_DATA_OUT },
	{ RECEIVE, 6, SCSTU_NO_SERVICE_ACTION, SCSTU_DATA_IN },
};

static const struct scstu_raw_ops box_ops = {
	SCSTU_RAW_OPS_INIT,
	.opcodes = box_opcodes,
	.opcode_count = sizeof(box_opcodes) / sizeof(box_opcodes[0]),
	.execute = box_execute,
};

static const struct scstu_handler mailbox = {
	SCSTU_HANDLER_INIT,
	.name = "mailbox",
	.summary = "A processor device that passes messages on",
	.params = box_params,
	.open = box_open,
	.close = box_close,
	.raw = &box_ops,
};

int main(int argc, char **argv)
{
	return scstu_main(argc, argv, &mailbox);
}
