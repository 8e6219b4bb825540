// Summarises a text. A sentence ends at '.', '!' or '?' followed by white space.
// A word is a run of letters: those of ASCII, in lower case, and all beyond ASCII.
#include "text.h"
#include <stdlib.h>
#include <string.h>

typedef struct { const uint8_t *ptr; size_t len; uint32_t count; } word_t;

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_letter(uint8_t c) { return c >= 0x80 || (c >= 'a' && c <= 'z'); }

// The end of the sentence that starts at `at`.
static size_t sentence_end(const text_string_t *text, size_t at) {
  for (; at < text->len; at++) {
    uint8_t c = text->ptr[at];
    if ((c == '.' || c == '!' || c == '?') && at + 1 < text->len && is_space(text->ptr[at + 1]))
      return at + 1;
  }
  while (at > 0 && is_space(text->ptr[at - 1])) at--;
  return at;
}

static size_t skip_space(const text_string_t *text, size_t at) {
  while (at < text->len && is_space(text->ptr[at])) at++;
  return at;
}

// Length in characters: bytes that go on with a character do not count.
static size_t letters(const word_t *word) {
  size_t n = 0;
  for (size_t i = 0; i < word->len; i++) n += (word->ptr[i] & 0xC0) != 0x80;
  return n;
}

static int by_spelling(const void *a, const void *b) {
  const word_t *x = a, *y = b;
  int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);
  return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int by_count(const void *a, const void *b) {
  const word_t *x = a, *y = b;
  return x->count != y->count ? (x->count < y->count ? 1 : -1) : by_spelling(a, b);
}

void exports_demo_text_summarise_summarise(text_string_t *text, uint32_t top,
                                           exports_demo_text_summarise_summary_t *ret) {
  memset(ret, 0, sizeof *ret);
  for (size_t at = skip_space(text, 0); at < text->len; ret->sentences++) {
    size_t end = sentence_end(text, at);
    if (ret->sentences == 0)
      text_string_dup_n(&ret->headline, (const char *)text->ptr + at, end - at);
    at = skip_space(text, end);
  }

  // Every word of four letters or more, then each of them once with its count.
  word_t *words = malloc((text->len / 5 + 1) * sizeof *words);
  size_t kept = 0, distinct = 0;
  if (!words) abort();
  for (size_t at = 0; at < text->len; at++)
    if (text->ptr[at] >= 'A' && text->ptr[at] <= 'Z') text->ptr[at] += 'a' - 'A';
  for (size_t at = 0; at < text->len; at++) {
    word_t word = {text->ptr + at, 0, 1};
    while (at < text->len && is_letter(text->ptr[at])) word.len++, at++;
    ret->words += word.len > 0;
    if (letters(&word) >= 4) words[kept++] = word;
  }
  qsort(words, kept, sizeof *words, by_spelling);
  for (size_t i = 0; i < kept; i++)
    if (distinct && by_spelling(&words[distinct - 1], &words[i]) == 0)
      words[distinct - 1].count++;
    else
      words[distinct++] = words[i];
  qsort(words, distinct, sizeof *words, by_count);

  ret->top.len = distinct < top ? distinct : top;
  if (ret->top.len && !(ret->top.ptr = malloc(ret->top.len * sizeof *ret->top.ptr))) abort();
  for (size_t i = 0; i < ret->top.len; i++) {
    text_string_dup_n(&ret->top.ptr[i].f0, (const char *)words[i].ptr, words[i].len);
    ret->top.ptr[i].f1 = words[i].count;
  }
  free(words);
  text_string_free(text);
}
