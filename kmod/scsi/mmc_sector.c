// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what a CD has around the user data of a mode 1 sector (ECMA-130
 * clause 14 and annex A, MMC-6 4.2.3).
 *
 *	0	12	synchronisation
 *	12	4	header: minute, second, frame in BCD, mode
 *	16	2048	user data
 *	2064	4	EDC, of all before it
 *	2068	8	zeroes
 *	2076	172	P parity, of all from the header on
 *	2248	104	Q parity, likewise, P included
 *
 * Even and odd bytes are coded apart. In each code word the sum of all symbols
 * is zero, and so is their sum weighted with falling powers of alpha, which
 * makes two equations for the two symbols of parity.
 */
#include "core_os.h"
#include "mmc_lu.h"

enum { MODE_1 = 1, FRAMES = 75, SECONDS = 60 };

void mmc_put_msf(u32 lba, u8 *msf)
{
	u64 frames = (u64)lba + MMC_MSF_OFFSET;

	frames = min_t(u64, frames, (U8_MAX + 1) * SECONDS * FRAMES - 1);
	msf[0] = (u32)frames / (SECONDS * FRAMES);
	msf[1] = (u32)frames / FRAMES % SECONDS;
	msf[2] = (u32)frames % FRAMES;
}

static u8 bcd(u8 value)
{
	return value / 10 << 4 | value % 10;
}

static void sector_header(u8 *p, u32 lba)
{
	u8 msf[3];
	u32 i;

	mmc_put_msf(lba, msf);
	for (i = 0; i < 3; i++)
		p[i] = bcd(msf[i]);
	p[3] = MODE_1;
}

/*
 * The polynomial is (x^16 + x^15 + x^2 + 1) (x^16 + x^2 + x + 1), the least
 * significant bit first; this is the rest of four bits.
 */
static const u32 edc_rest[16] = {
	0x00000000, 0x99011001, 0x82012001, 0x1b003000,
	0xb4014001, 0x2d005000, 0x36006000, 0xaf017001,
	0xd8018001, 0x41009000, 0x5a00a000, 0xc301b001,
	0x6c00c000, 0xf501d001, 0xee01e001, 0x7700f000,
};

static u32 sector_edc(const u8 *p, size_t len)
{
	u32 edc = 0;

	for (; len; len--) {
		edc ^= *p++;
		edc = edc >> 4 ^ edc_rest[edc & 15];
		edc = edc >> 4 ^ edc_rest[edc & 15];
	}
	return edc;
}

/* ---- Parity ------------------------------------------------------------ */

/* In the field of x^8 + x^4 + x^3 + x^2 + 1, where alpha is 2. */
static u8 gf_double(u8 a)
{
	return a << 1 ^ (a & 0x80 ? 0x1d : 0);
}

static u8 gf_mul(u8 a, u8 b)
{
	u8 product = 0;

	for (; b; b >>= 1, a = gf_double(a))
		if (b & 1)
			product ^= a;
	return product;
}

#define INVERSE_OF_3 0xf4

/* Where the code words run over the bytes from the header on. */
struct parity {
	u8 words;		/* code words, those of odd bytes included */
	u8 symbols;		/* of a code word, without its parity */
	u16 first;		/* from the first symbol of one to the next */
	u16 step;		/* from one symbol to the next, all modulo ... */
	u16 size;		/* ... this, which is where the parity goes */
};

static const struct parity parity_p = { 86, 24, 2, 86, 86 * 24 };
static const struct parity parity_q = { 52, 43, 86, 88, 52 * 43 };

static void sector_parity(u8 *block, const struct parity *parity)
{
	u8 *to = block + parity->size;
	u32 word, i, at;

	for (word = 0; word < parity->words; word++) {
		u8 sum = 0, weighted = 0;

		at = word / 2 * parity->first + word % 2;
		for (i = 0; i < parity->symbols; i++) {
			sum ^= block[at];
			weighted = gf_double(weighted ^ block[at]);
			at = (at + parity->step) % parity->size;
		}
		to[word] = gf_mul(gf_double(weighted) ^ sum, INVERSE_OF_3);
		to[word + parity->words] = to[word] ^ sum;
	}
}

void mmc_sector_make(u8 *sector, u32 lba)
{
	u8 *edc = sector + MMC_SECTOR_EDC;

	memset(sector, 0xff, MMC_SECTOR_HEADER);
	sector[0] = 0;
	sector[MMC_SECTOR_HEADER - 1] = 0;
	sector_header(sector + MMC_SECTOR_HEADER, lba);
	put_unaligned_le32(sector_edc(sector, MMC_SECTOR_EDC), edc);
	memset(edc + 4, 0, 8);
	sector_parity(sector + MMC_SECTOR_HEADER, &parity_p);
	sector_parity(sector + MMC_SECTOR_HEADER, &parity_q);
}
