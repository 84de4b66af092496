/*
 * The least that taking files into custody can cost: per file open, fstat, read, SHA-256, fstat and renameat2; per batch one append to
 * the manifest and one fsync of it and of both directories. No database, no queue, no recovery.
 *
 * usage: floor INPUT WAREHOUSE MANIFEST BATCH PROCESSES
 * Prints how many files were moved. The processes share the directory out by inode number.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 * 1024, LINE_BYTES = 1024 };

static void die(const char *what) {
  perror(what);
  exit(1);
}

struct floor {
  const char *warehouse;
  int input_fd, warehouse_fd, manifest_fd;
  EVP_MD_CTX *hash;
  unsigned char *chunk;
  char *lines;
  size_t lines_bytes;
  int in_batch, batch;
  long moved;
};

static void finish_batch(struct floor *f) {
  if (f->in_batch == 0) return;
  if (fsync(f->input_fd) || fsync(f->warehouse_fd)) die("fsync of a directory");
  if (write(f->manifest_fd, f->lines, f->lines_bytes) != (ssize_t)f->lines_bytes) die("write of the manifest");
  if (fsync(f->manifest_fd)) die("fsync of the manifest");
  f->lines_bytes = 0;
  f->in_batch = 0;
}

static void add_line(struct floor *f, const char *name, const unsigned char *digest, const struct stat *st) {
  char hex[65];
  for (int i = 0; i < 32; i++) sprintf(hex + 2 * i, "%02x", digest[i]);
  f->lines_bytes += snprintf(f->lines + f->lines_bytes, LINE_BYTES,
                             "{\"path\":\"%s/%s\",\"sha256\":\"%s\",\"device\":%lu,\"inode\":%lu,\"size\":%ld,\"mtime\":%ld}\n",
                             f->warehouse, name, hex, (unsigned long)st->st_dev, (unsigned long)st->st_ino,
                             (long)st->st_size, (long)st->st_mtime);
}

static void take(struct floor *f, const char *name) {
  struct stat before, after;
  unsigned char digest[32];
  ssize_t got;
  int fd = openat(f->input_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) die(name);
  if (fstat(fd, &before)) die("fstat");
  EVP_DigestInit_ex(f->hash, EVP_sha256(), NULL);
  while ((got = read(fd, f->chunk, CHUNK_BYTES)) > 0) EVP_DigestUpdate(f->hash, f->chunk, got);
  if (got < 0) die("read");
  EVP_DigestFinal_ex(f->hash, digest, NULL);
  if (fstat(fd, &after)) die("fstat");
  close(fd);
  if (before.st_size != after.st_size || before.st_mtim.tv_nsec != after.st_mtim.tv_nsec) return;
  if (renameat2(f->input_fd, name, f->warehouse_fd, name, RENAME_NOREPLACE)) die("renameat2");
  add_line(f, name, digest, &after);
  f->moved++;
  if (++f->in_batch == f->batch) finish_batch(f);
}

static long take_share(const char *input, const char *warehouse, const char *manifest, int batch, int share, int shares) {
  struct floor f = {.warehouse = warehouse, .batch = batch};
  f.input_fd = open(input, O_RDONLY | O_DIRECTORY);
  f.warehouse_fd = open(warehouse, O_RDONLY | O_DIRECTORY);
  f.manifest_fd = open(manifest, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (f.input_fd < 0 || f.warehouse_fd < 0 || f.manifest_fd < 0) die("open");
  f.hash = EVP_MD_CTX_new();
  f.chunk = malloc(CHUNK_BYTES);
  f.lines = malloc((size_t)batch * LINE_BYTES);
  DIR *directory = opendir(input);
  if (f.hash == NULL || f.chunk == NULL || f.lines == NULL || directory == NULL) die("start");
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] == '.' || (int)(entry->d_ino % shares) != share) continue;
    take(&f, entry->d_name);
  }
  finish_batch(&f);
  return f.moved;
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "usage: floor INPUT WAREHOUSE MANIFEST BATCH PROCESSES\n");
    return 2;
  }
  int batch = atoi(arguments[4]), processes = atoi(arguments[5]), results[2], failed = 0;
  long total = 0, moved;
  if (batch < 1 || processes < 1 || pipe(results)) die("start");
  for (int share = 0; share < processes; share++) {
    if (fork() != 0) continue;
    moved = take_share(arguments[1], arguments[2], arguments[3], batch, share, processes);
    _exit(write(results[1], &moved, sizeof moved) == sizeof moved ? 0 : 1);
  }
  for (int share = 0, status; share < processes; share++) {
    if (wait(&status) < 0 || status != 0) failed = 1;
    else if (read(results[0], &moved, sizeof moved) == sizeof moved) total += moved;
  }
  printf("%ld\n", total);
  return failed;
}
