#include "prof/repo.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLONE_S    600
#define CHECKOUT_S 120

bool repo_name(struct repo *repo, const char *url, const char *ref)
{
	const char *mark =
		access(url, F_OK) == 0 ? NULL : strrchr(url, '#'); /* a path may have one */
	size_t bytes = mark == NULL ? strlen(url) : (size_t)(mark - url);

	*repo = (struct repo){.ref = ""};
	if (ref == NULL) {
		ref = mark == NULL ? "" : mark + 1;
	}
	if (bytes >= sizeof repo->url || strlen(ref) >= sizeof repo->ref || ref[0] == '-' ||
	    (mark != NULL && mark[1] == '\0')) {
		return false;
	}
	snprintf(repo->url, sizeof repo->url, "%.*s", (int)bytes, url);
	snprintf(repo->ref, sizeof repo->ref, "%s", ref);
	return true;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static void remove_folder(const char *folder)
{
	(void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void repo_remove(struct repo *repo)
{
	if (repo->dir[0] != '\0') {
		remove_folder(repo->dir);
		repo->dir[0] = '\0';
	}
}

bool repo_find(const struct repo *repo, const char *path, char *out)
{
	char whole[PATH_MAX];
	char root[PATH_MAX];
	size_t bytes;

	snprintf(whole, sizeof whole, "%s/%s", repo->folder, path);
	if (realpath(repo->folder, root) == NULL || realpath(whole, out) == NULL) {
		return false;
	}
	bytes = strlen(root);
	return strncmp(out, root, bytes) == 0 && (out[bytes] == '\0' || out[bytes] == '/');
}

/* A branch or a tag is cloned by itself. */
static bool clone_named(const struct repo *repo, struct words *words, const char *log)
{
	const char *const list[] = {"git",     "clone", "--quiet", "--depth",    "1", "--branch",
				    repo->ref, "--",    repo->url, repo->folder, NULL};
	const char *const head[] = {"git", "clone",   "--quiet",    "--depth", "1",
				    "--",  repo->url, repo->folder, NULL};

	words_set(words, repo->ref[0] == '\0' ? head : list);
	return words_run(words, NULL, log, CLONE_S);
}

/* A commit is looked for in the whole history, of which the files are fetched when they are wanted,
 * where the server lets us. */
static bool clone_history(const struct repo *repo, struct words *words, const char *log)
{
	const char *const list[] = {
		"git",     "clone",      "--quiet", "--no-checkout", "--filter=blob:none", "--",
		repo->url, repo->folder, NULL};

	remove_folder(repo->folder);
	words_set(words, list);
	return words_run(words, NULL, log, CLONE_S);
}

static bool check_out(const struct repo *repo, struct words *words, const char *log)
{
	const char *const list[] = {"git",     "checkout", "--quiet", "--detach",
				    repo->ref, "--",       NULL};

	words_set(words, list);
	return words_run(words, repo->folder, log, CHECKOUT_S);
}

enum ending repo_clone(struct repo *repo, struct words *words, const char *out, char *error)
{
	static const char *const which[] = {"git", "rev-parse", "--abbrev-ref", "HEAD", NULL};
	static const char *const commit[] = {"git", "rev-parse", "HEAD", NULL};
	const char *place = getenv("TMPDIR");
	char log[512];

	snprintf(repo->dir, sizeof repo->dir, "%.200s/fastprof-repo.XXXXXX",
		 place != NULL ? place : "/tmp");
	if (mkdtemp(repo->dir) == NULL) {
		snprintf(error, REPO_ERROR_BYTES_MAX, "%s: %s", repo->dir, strerror(errno));
		repo->dir[0] = '\0';
		return ENDING_BROKEN;
	}
	snprintf(repo->folder, sizeof repo->folder, "%s/repo", repo->dir);
	snprintf(log, sizeof log, "%.400s/git.log", out);
	setenv("GIT_TERMINAL_PROMPT", "0", 1); /* nobody is there to answer */
	if (!clone_named(repo, words, log)) {
		if (repo->ref[0] == '\0' || !clone_history(repo, words, log)) {
			snprintf(error, REPO_ERROR_BYTES_MAX,
				 "%.300s cannot be cloned; see git.log", repo->url);
			return ENDING_BROKEN;
		}
		if (!check_out(repo, words, log)) {
			snprintf(error, REPO_ERROR_BYTES_MAX,
				 "%.300s has no branch, tag or commit '%.100s'", repo->url,
				 repo->ref);
			return ENDING_USAGE;
		}
	}
	words_set(words, which);
	(void)words_ask(words, repo->folder, out, repo->branch, sizeof repo->branch);
	words_set(words, commit);
	(void)words_ask(words, repo->folder, out, repo->commit, sizeof repo->commit);
	return ENDING_RUNNING;
}
