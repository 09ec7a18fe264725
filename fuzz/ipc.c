/* Messages between processes. Oracle: what is read is written back to the same bytes. */
#include "ipc/ipc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct msg m;
	uint8_t *back = xalloc(n + 1);
	struct wr w = wr_to(back, n);

	if (ipc_get(bytes_of(data, n), &m) == OK) {
		ipc_put(&w, &m);
		if (!wr_ok(&w) || !bytes_eq(wr_view(&w), bytes_of(data, n)))
			abort();
	}
	free(back);
	return 0;
}
