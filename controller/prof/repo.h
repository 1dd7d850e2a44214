/* prof/repo.h - a git repository, cloned at a branch, a tag or a commit. */
#ifndef PROF_REPO_H
#define PROF_REPO_H

#include "prof/profile.h"
#include "prof/words.h"

#define REPO_URL_BYTES_MAX   512
#define REPO_REF_BYTES_MAX   256
#define REPO_ERROR_BYTES_MAX 640

/* Zeroed memory is none. */
struct repo {
	char url[REPO_URL_BYTES_MAX];
	char ref[REPO_REF_BYTES_MAX];    /* "": whatever the repository's HEAD is */
	char dir[256];                   /* in $TMPDIR; removed at the end */
	char folder[288];                /* the clone, in it */
	char branch[REPO_REF_BYTES_MAX]; /* that is checked out; "HEAD" when it is none */
	char commit[65];
};

/* Takes "URL" or "URL#REF"; a ref of its own outranks the latter. False: one of them is too long,
 * or no ref could be named so. */
bool repo_name(struct repo *repo, const char *url, const char *ref);

/* Clones it. What git prints goes to git.log in the folder out; words is scratch. ENDING_RUNNING:
 * it is there. Else error, REPO_ERROR_BYTES_MAX bytes, says why not. */
enum ending repo_clone(struct repo *repo, struct words *words, const char *out, char *error);

/* Writes the whole path of what is at path in the clone, links followed, into out, which holds
 * PATH_MAX bytes. False: that is nowhere, or not in the clone. */
bool repo_find(const struct repo *repo, const char *path, char *out);

/* Removes the clone. */
void repo_remove(struct repo *repo);

#endif
