#include "controller/store_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum fast_status store_open_at(const char *dir, struct store **out, char *error)
{
	const struct store_options options = {.state_dir = dir,
					      .samples_bytes_max = 1u << 20,
					      .samples_age_s_max = {86400, 864000}};

	return store_open(&options, out, error);
}

void fixture_open(struct fixture *fixture)
{
	char error[NODE_TEXT_BYTES_MAX];

	assert_ok(store_open_at(fixture->dir, &fixture->store, error));
	assert_string_equal("", error);
}

void fixture_make(struct fixture *fixture)
{
	*fixture = (struct fixture){.dir = "/dev/shm/fastd-store-XXXXXX"};
	if (mkdtemp(fixture->dir) == NULL) {
		*fixture = (struct fixture){.dir = "/tmp/fastd-store-XXXXXX"};
		assert_non_null(mkdtemp(fixture->dir));
	}
}

void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){.dir = "/tmp/fastd-store-XXXXXX"};
	assert_non_null(mkdtemp(fixture->dir));
	fixture_open(fixture);
}

void fixture_fini(struct fixture *fixture)
{
	store_close(fixture->store);
	if (fixture->mounted) {
		assert_int_equal(0, umount(fixture->dir));
	}
	directory_remove(fixture->dir);
}

void end_note(enum fast_status status, const char *error, void *arg)
{
	struct end *end = arg;

	end->status = status;
	(void)snprintf(end->error, sizeof end->error, "%s", error);
	__atomic_store_n(&end->done, 1, __ATOMIC_RELEASE);
}

bool end_is_done(void *arg)
{
	return __atomic_load_n(&((struct end *)arg)->done, __ATOMIC_ACQUIRE) != 0;
}

struct store_job *put_job(struct end *end, const char *param, int64_t value, uint64_t revision)
{
	struct store_job *job = store_job_new(2, end_note, end);
	struct store_param *put;
	struct store_revision *newest;

	assert_non_null(job);
	put = &store_job_add(job, STORE_PUT_PARAM)->u.param;
	(void)snprintf(put->instance, sizeof put->instance, "cam");
	(void)snprintf(put->param, sizeof put->param, "%s", param);
	(void)snprintf(put->actor, sizeof put->actor, "tester");
	put->value = value_int(value);
	put->revision = revision;
	newest = &store_job_add(job, STORE_PUT_REVISION)->u.revision;
	(void)snprintf(newest->instance, sizeof newest->instance, "cam");
	newest->revision = revision;
	return job;
}

enum fast_status fixture_put(struct fixture *fixture, const char *param, int64_t value,
			     uint64_t revision, struct end *end)
{
	*end = (struct end){0};
	assert_ok(store_push(fixture->store, put_job(end, param, value, revision)));
	wait_until(end_is_done, end);
	return end->status;
}

static bool note_revision(const struct store_revision *revision, void *arg)
{
	((struct loaded *)arg)->revision = revision->revision;
	return true;
}

static bool note_param(const struct store_param *param, void *arg)
{
	struct loaded *loaded = arg;

	loaded->params++;
	loaded->param = *param;
	if (param->value.u.integer > loaded->newest_value) {
		loaded->newest_value = param->value.u.integer;
	}
	return true;
}

static bool note_lease(const struct store_lease *lease, void *arg)
{
	((struct loaded *)arg)->leases++;
	((struct loaded *)arg)->lease = *lease;
	return true;
}

static bool note_baseline(const struct store_baseline *baseline, void *arg)
{
	((struct loaded *)arg)->baselines++;
	((struct loaded *)arg)->baseline = *baseline;
	return true;
}

struct loaded fixture_load(struct fixture *fixture)
{
	struct loaded loaded = {0};
	const struct store_visitor visitor = {.revision = note_revision,
					      .param = note_param,
					      .lease = note_lease,
					      .baseline = note_baseline,
					      .arg = &loaded};

	assert_ok(store_load(fixture->store, &visitor));
	return loaded;
}

void fixture_close(struct fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
}

void fixture_reopen(struct fixture *fixture)
{
	fixture_close(fixture);
	fixture_open(fixture);
}

int count_set_aside(const char *dir)
{
	static const char prefix[] = "fastd.db.corrupt-";
	const size_t length = sizeof prefix - 1;
	DIR *opened = opendir(dir);
	const struct dirent *entry;
	int count = 0;

	assert_non_null(opened);
	while ((entry = readdir(opened)) != NULL) { /* but not its log's */
		count += strncmp(entry->d_name, prefix, length) == 0 &&
			 entry->d_name[length + strspn(entry->d_name + length, "0123456789")] ==
				 '\0';
	}
	(void)closedir(opened);
	return count;
}
