// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: LOG SENSE (SPC-5 6.8, 7.3; SBC-4, clause 6).
 *
 * There are no counters to reset or to save, hence no LOG SELECT, and SP is
 * refused; all parameters are lists, which read the same whatever PC is.
 * What nobody measures has no page: temperature, self-tests, start and stop
 * cycles.
 */
#include "core_os.h"
#include "sbc_lu.h"

enum {
	LOG_DS	 = 0x80,	/* byte 0: parameters are not saved */
	LOG_SPF	 = 0x40,
	LOG_HEADER = 4,
	LOG_MAX	 = 64,		/* longest page */

	/* Control byte of a parameter: TSD, and a list in binary format. */
	LOG_BINARY_LIST = 0x23,

	/* Provisioning; SCOPE of the counts */
	LOG_AVAILABLE = 0x0001,
	LOG_USED      = 0x0002,
	SCOPE_DEDICATED = 1,
	SCOPE_SHARED    = 2,

	TEMPERATURE_UNKNOWN = 0xff,
};

struct log_page {
	u8 buf[LOG_MAX];
	u32 len;
	u32 from;		/* PARAMETER POINTER */
	s32 last;		/* the last parameter code; none: -1 */
};

static void log_begin(struct scst_cmd *cmd, struct log_page *page)
{
	memset(page, 0, sizeof(*page));
	page->buf[0] = cmd->cdb[2] & 0x3f;
	page->buf[1] = cmd->cdb[3];
	if (page->buf[1])
		page->buf[0] |= LOG_SPF;
	page->len = LOG_HEADER;
	page->from = get_unaligned_be16(cmd->cdb + 5);
	page->last = -1;
}

/* The next parameter, zeroed; NULL: it comes before what was asked for. */
static u8 *log_parameter(struct log_page *page, u16 code, u8 len)
{
	u8 *p = page->buf + page->len;

	page->buf[0] |= LOG_DS;
	page->last = code;
	if (code < page->from)
		return NULL;
	put_unaligned_be16(code, p);
	p[2] = LOG_BINARY_LIST;
	p[3] = len;
	page->len += 4 + len;
	return p + 4;
}

static void log_end(struct scst_cmd *cmd, struct log_page *page)
{
	if (page->from && (s64)page->from > page->last) {
		scst_cmd_bad_cdb(cmd, 5, SENSE_NO_BIT);
		return;
	}
	put_unaligned_be16(page->len - LOG_HEADER, page->buf + 2);
	scst_cmd_reply(cmd, page->buf, page->len,
		       get_unaligned_be16(cmd->cdb + 7));
}

/* ---- Which pages there are (SPC-5 7.3.18, 7.3.19) ----------------------- */

static bool log_has_provisioning(const struct sbc_lu *lu)
{
	return lu->unmap && lu->be->usage;
}

static void log_list(struct log_page *page, u8 code, u8 subpage)
{
	bool subpages = page->buf[0] & LOG_SPF;

	if (subpage && !subpages)
		return;
	page->buf[page->len++] = code;
	if (subpages)
		page->buf[page->len++] = subpage;
}

static void log_supported(struct scst_cmd *cmd)
{
	struct log_page page;

	log_begin(cmd, &page);
	log_list(&page, SCSI_LOG_SUPPORTED, 0);
	log_list(&page, SCSI_LOG_SUPPORTED, SCSI_LOG_ALL_SUBPAGES);
	if (log_has_provisioning(sbc_lu(cmd)))
		log_list(&page, SCSI_LOG_PROVISIONING, 0);
	log_list(&page, SCSI_LOG_INFO_EXCEPT, 0);
	log_end(cmd, &page);
}

/* ---- Informational exceptions (SPC-5 7.3.8) ----------------------------- */

/* None ever; that is what the mode page says, too. */
static void log_exceptions(struct scst_cmd *cmd)
{
	struct log_page page;
	u8 *p;

	log_begin(cmd, &page);
	p = log_parameter(&page, 0, 4);
	if (p)
		p[2] = TEMPERATURE_UNKNOWN;
	log_end(cmd, &page);
}

/* ---- Logical block provisioning (SBC-4, clause 6) ----------------------- */

static void log_resource(struct log_page *page, u16 code, u64 blocks,
			 u8 exponent, u8 scope)
{
	u8 *p;

	if (blocks == U64_MAX)
		return;
	p = log_parameter(page, code, 8);
	if (!p)
		return;
	put_unaligned_be32(min_t(u64, blocks >> exponent, U32_MAX), p);
	p[4] = scope;
}

/* Who is asked for an estimate and cannot give one has taken all. */
static void log_usage(struct sbc_io *io, enum scst_sense sense)
{
	u8 exponent = sbc_threshold_exponent(io->lu);
	struct log_page page;

	if (sense && sense != SENSE_INVALID_OPCODE) {
		sbc_end(io->cmd, sense);
		return;
	}
	if (io->used == U64_MAX && io->available == U64_MAX)
		io->used = READ_ONCE(io->lu->blocks);
	log_begin(io->cmd, &page);
	log_resource(&page, LOG_AVAILABLE, io->available, exponent,
		     SCOPE_SHARED);
	log_resource(&page, LOG_USED, io->used, exponent, SCOPE_DEDICATED);
	log_end(io->cmd, &page);
}

static void log_provisioning(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_begin(cmd);

	if (!sbc_check_medium(cmd))
		return;
	sc->io.blocks = READ_ONCE(lu->blocks);
	sc->io.used = U64_MAX;
	sc->io.available = U64_MAX;
	sbc_submit(sc, lu->be->usage, log_usage);
}

/* ------------------------------------------------------------------------ */

void sbc_log_sense(struct scst_cmd *cmd)
{
	u8 code = cmd->cdb[2] & 0x3f, subpage = cmd->cdb[3];

	if (code == SCSI_LOG_SUPPORTED &&
	    (!subpage || subpage == SCSI_LOG_ALL_SUBPAGES))
		log_supported(cmd);
	else if (subpage)
		scst_cmd_bad_cdb(cmd, 3, SENSE_NO_BIT);
	else if (code == SCSI_LOG_INFO_EXCEPT)
		log_exceptions(cmd);
	else if (code == SCSI_LOG_PROVISIONING &&
		 log_has_provisioning(sbc_lu(cmd)))
		log_provisioning(cmd);
	else
		scst_cmd_bad_cdb(cmd, 2, 5);
}
