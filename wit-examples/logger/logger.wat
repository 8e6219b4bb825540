;; The logger. Stamps every message with the time of the imported clock and keeps it.
(component
  (import "example:clock/ticker@0.1.0" (instance $clock
    (export "now" (func (result u64)))))
  (core func $now (canon lower (func $clock "now")))

  (core module $logger
    (import "clock" "now" (func $now (result i64)))
    (memory (export "memory") 1)
    ;; 0: the result of `entries` (pointer, length).
    ;; 8: the entries, each a pointer and a length, up to 1023 of them.
    ;; 8192: their text, from here on.
    (global $count (mut i32) (i32.const 0))
    (global $next (mut i32) (i32.const 8192))

    ;; Allocates upwards; nothing is given back, since every entry is kept.
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $ptr i32)
      (local.set $ptr (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $ptr) (local.get $size)))
      (memory.copy (local.get $ptr) (local.get $old) (local.get $old-size))
      (local.get $ptr))

    ;; Writes one byte at the end of the text.
    (func $put (param $byte i32)
      (i32.store8 (global.get $next) (local.get $byte))
      (global.set $next (i32.add (global.get $next) (i32.const 1))))

    ;; Writes a number in decimal at the end of the text.
    (func $put-number (param $n i64)
      (if (i64.ge_u (local.get $n) (i64.const 10))
        (then (call $put-number (i64.div_u (local.get $n) (i64.const 10)))))
      (call $put (i32.add (i32.const 0x30)
        (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10))))))

    (func (export "note") (param $message i32) (param $len i32)
      (local $entry i32) (local $text i32)
      (if (i32.eq (global.get $count) (i32.const 1023)) (then (unreachable)))
      (local.set $entry (i32.add (i32.const 8) (i32.shl (global.get $count) (i32.const 3))))
      (local.set $text (global.get $next))
      (call $put-number (call $now))
      (call $put (i32.const 0x20))
      (memory.copy (global.get $next) (local.get $message) (local.get $len))
      (global.set $next (i32.add (global.get $next) (local.get $len)))
      (i32.store (local.get $entry) (local.get $text))
      (i32.store offset=4 (local.get $entry) (i32.sub (global.get $next) (local.get $text)))
      (global.set $count (i32.add (global.get $count) (i32.const 1))))

    (func (export "entries") (result i32)
      (i32.store (i32.const 0) (i32.const 8))
      (i32.store (i32.const 4) (global.get $count))
      (i32.const 0)))
  (core instance $i (instantiate $logger
    (with "clock" (instance (export "now" (func $now))))))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))

  (func $note (param "message" string) (canon lift (core func $i "note")
    (memory $memory) (realloc $realloc)))
  (func $entries (result (list string)) (canon lift (core func $i "entries")
    (memory $memory)))
  (instance $exports
    (export "note" (func $note))
    (export "entries" (func $entries)))
  (export "example:logger/journal@0.1.0" (instance $exports)))
