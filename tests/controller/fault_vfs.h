/* controller/fault_vfs.h - a disk that fails, under SQLite. */
#ifndef FASTD_TEST_FAULT_VFS_H
#define FASTD_TEST_FAULT_VFS_H

#include <stdbool.h>

/* What is counted and may fail. */
enum fault_vfs_kind {
	FAULT_VFS_READ = 1,
	FAULT_VFS_CHANGE = 2, /* writes, truncations, syncs, deletions, and making files */
};

/* From now on all databases are on this disk, which does not fail yet. */
void fault_vfs_install(void);
/* After n more operations of these kinds the next one fails with this code of SQLite, or it and all
 * that follow. Forgets whether one has. */
void fault_vfs_after(int n, int kinds, int code, bool for_ever);
/* None fails any more. */
void fault_vfs_heal(void);
/* Whether one has failed. */
bool fault_vfs_fired(void);

#endif
