/* prof/tree.h - a folder that stands for a machine's /proc and /sys. */
#ifndef PROF_TREE_H
#define PROF_TREE_H

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct tree {
	char root[64];
};

static inline void tree_open(struct tree *tree)
{
	snprintf(tree->root, sizeof tree->root, "/tmp/fastprof-test.XXXXXX");
	char *made = mkdtemp(tree->root);

	assert(made != NULL);
}

static inline int tree_remove(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline void tree_close(struct tree *tree)
{
	(void)nftw(tree->root, tree_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file, with its folders. */
static inline void tree_put(const struct tree *tree, const char *path, const char *text)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof whole, "%s%s", tree->root, path);
	for (char *at = whole + strlen(tree->root) + 1; *at != '\0'; at++) {
		if (*at == '/') {
			*at = '\0';
			(void)mkdir(whole, 0755);
			*at = '/';
		}
	}
	file = fopen(whole, "w");
	assert(file != NULL);
	fputs(text, file);
	fclose(file);
}

#endif
