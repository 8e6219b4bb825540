;; The application. Notes three messages and gives back the whole journal.
(component
  (import "example:logger/journal@0.1.0" (instance $journal
    (export "note" (func (param "message" string)))
    (type $entries (list string))
    (export "entries" (func (result $entries)))))

  (core module $heap
    (memory (export "memory") 1)
    (data (i32.const 8) "startedworkingfinished")
    (global $next (mut i32) (i32.const 32))
    ;; Allocates upwards in one page; a result too large for it traps.
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $ptr i32)
      (local.set $ptr (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $ptr) (local.get $size)))
      (memory.copy (local.get $ptr) (local.get $old) (local.get $old-size))
      (local.get $ptr))
    ;; Runs once the caller has read the result: everything allocated is free again.
    (func (export "free-all") (param i32)
      (global.set $next (i32.const 32))))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))
  (alias core export $heap "free-all" (core func $free-all))

  (core func $note (canon lower (func $journal "note") (memory $memory)))
  (core func $entries (canon lower (func $journal "entries")
    (memory $memory) (realloc $realloc)))

  (core module $app
    (import "journal" "note" (func $note (param $message i32) (param $len i32)))
    (import "journal" "entries" (func $entries (param $result i32)))
    (func (export "run") (result i32)
      (call $note (i32.const 8) (i32.const 7))
      (call $note (i32.const 15) (i32.const 7))
      (call $note (i32.const 22) (i32.const 8))
      (call $entries (i32.const 0))
      (i32.const 0)))
  (core instance $app (instantiate $app
    (with "journal" (instance
      (export "note" (func $note))
      (export "entries" (func $entries))))))

  (func $run (result (list string)) (canon lift (core func $app "run")
    (memory $memory) (post-return $free-all)))
  (export "run" (func $run)))
