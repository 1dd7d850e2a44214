#include "controller/fault_vfs.h"

#include "support/harness.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A file of the disk below, behind methods of ours. */
struct file {
	sqlite3_file base;
	sqlite3_file *below; /* follows it */
};

static sqlite3_vfs *below;
static sqlite3_vfs vfs;
static sqlite3_io_methods methods;
static atomic_int left = -1; /* operations before the next that fails */
static atomic_bool fired;
static atomic_int kinds_failing;
static atomic_int fault_code;
static atomic_bool fails_for_ever;
static atomic_uint barriers;

/* SQLITE_OK: the operation is done. */
static int fault(enum fault_vfs_kind kind)
{
	if ((atomic_load(&kinds_failing) & (int)kind) == 0 || atomic_load(&left) < 0) {
		return SQLITE_OK;
	}
	if (atomic_fetch_sub(&left, 1) > 0) {
		return SQLITE_OK;
	}
	atomic_store(&left, atomic_load(&fails_for_ever) ? 0 : -1);
	atomic_store(&fired, true);
	return atomic_load(&fault_code);
}

static sqlite3_file *file_below(sqlite3_file *file)
{
	return ((struct file *)file)->below;
}

static int file_close(sqlite3_file *file)
{
	return file_below(file)->pMethods->xClose(file_below(file));
}

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 at)
{
	int code = fault(FAULT_VFS_READ);

	return code != SQLITE_OK
		       ? code
		       : file_below(file)->pMethods->xRead(file_below(file), bytes, count, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at)
{
	int code = fault(FAULT_VFS_CHANGE);

	return code != SQLITE_OK
		       ? code
		       : file_below(file)->pMethods->xWrite(file_below(file), bytes, count, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int code = fault(FAULT_VFS_CHANGE);

	return code != SQLITE_OK ? code
				 : file_below(file)->pMethods->xTruncate(file_below(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	int code = fault(FAULT_VFS_CHANGE);

	return code != SQLITE_OK ? code
				 : file_below(file)->pMethods->xSync(file_below(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return file_below(file)->pMethods->xFileSize(file_below(file), size);
}

static int file_lock(sqlite3_file *file, int lock)
{
	return file_below(file)->pMethods->xLock(file_below(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
	return file_below(file)->pMethods->xUnlock(file_below(file), lock);
}

static int file_reserved(sqlite3_file *file, int *out)
{
	return file_below(file)->pMethods->xCheckReservedLock(file_below(file), out);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	return file_below(file)->pMethods->xFileControl(file_below(file), op, arg);
}

static int file_sector(sqlite3_file *file)
{
	return file_below(file)->pMethods->xSectorSize(file_below(file));
}

static int file_device(sqlite3_file *file)
{
	return file_below(file)->pMethods->xDeviceCharacteristics(file_below(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return file_below(file)->pMethods->xShmMap(file_below(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return file_below(file)->pMethods->xShmLock(file_below(file), offset, count, flags);
}

/* What is below does as much, and takes a lock, of which ThreadSanitizer would see half. */
static void file_shm_barrier(sqlite3_file *file)
{
	(void)file;
	(void)atomic_fetch_add(&barriers, 1);
}

static int file_shm_unmap(sqlite3_file *file, int deletes)
{
	return file_below(file)->pMethods->xShmUnmap(file_below(file), deletes);
}

static int disk_open(sqlite3_vfs *it, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct file *ours = (struct file *)file;
	int code = SQLITE_OK;
	int exists = 0;

	(void)it;
	memset(ours, 0, sizeof *ours);
	ours->below = (sqlite3_file *)(void *)(ours + 1);
	if ((flags & SQLITE_OPEN_CREATE) != 0 && name != NULL &&
	    below->xAccess(below, name, SQLITE_ACCESS_EXISTS, &exists) == SQLITE_OK && !exists) {
		code = fault(FAULT_VFS_CHANGE);
	}
	if (code == SQLITE_OK) {
		code = below->xOpen(below, name, ours->below, flags, out);
	}
	ours->base.pMethods = code == SQLITE_OK ? &methods : NULL;
	return code;
}

static int disk_delete(sqlite3_vfs *it, const char *name, int sync)
{
	int code = fault(FAULT_VFS_CHANGE);

	(void)it;
	return code != SQLITE_OK ? code : below->xDelete(below, name, sync);
}

void fault_vfs_install(void)
{
	if (below != NULL) {
		return;
	}
	methods = (sqlite3_io_methods){.iVersion = 2,
				       .xClose = file_close,
				       .xRead = file_read,
				       .xWrite = file_write,
				       .xTruncate = file_truncate,
				       .xSync = file_sync,
				       .xFileSize = file_size,
				       .xLock = file_lock,
				       .xUnlock = file_unlock,
				       .xCheckReservedLock = file_reserved,
				       .xFileControl = file_control,
				       .xSectorSize = file_sector,
				       .xDeviceCharacteristics = file_device,
				       .xShmMap = file_shm_map,
				       .xShmLock = file_shm_lock,
				       .xShmBarrier = file_shm_barrier,
				       .xShmUnmap = file_shm_unmap};
	below = sqlite3_vfs_find(NULL);
	assert_non_null(below);
	vfs = *below;
	vfs.zName = "fault";
	vfs.szOsFile = (int)sizeof(struct file) + below->szOsFile;
	vfs.pNext = NULL;
	vfs.xOpen = disk_open;
	vfs.xDelete = disk_delete;
	assert_int_equal(SQLITE_OK, sqlite3_vfs_register(&vfs, 1));
}

void fault_vfs_after(int n, int kinds, int code, bool for_ever)
{
	atomic_store(&left, -1);
	atomic_store(&kinds_failing, kinds);
	atomic_store(&fault_code, code);
	atomic_store(&fails_for_ever, for_ever);
	atomic_store(&fired, false);
	atomic_store(&left, n);
}

void fault_vfs_heal(void)
{
	atomic_store(&left, -1);
}

bool fault_vfs_fired(void)
{
	return atomic_load(&fired);
}
