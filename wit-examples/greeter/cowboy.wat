;; Another greeter. Answers "Howdy, NAME!".
(component
  (core module $greeter
    (memory (export "memory") 1)
    ;; Address 0: the result (pointer, length). Address 8: the fixed text.
    (data (i32.const 8) "Howdy, !")
    (global $next (mut i32) (i32.const 16))

    ;; Allocates upwards, growing the memory where it must.
    (func $realloc (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $ptr i32) (local $missing i32)
      (local.set $ptr (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $ptr) (local.get $size)))
      (local.set $missing (i32.sub
        (i32.shr_u (i32.add (global.get $next) (i32.const 0xffff)) (i32.const 16))
        (memory.size)))
      (if (i32.gt_s (local.get $missing) (i32.const 0))
        (then (if (i32.lt_s (memory.grow (local.get $missing)) (i32.const 0))
          (then (unreachable)))))
      (memory.copy (local.get $ptr) (local.get $old) (local.get $old-size))
      (local.get $ptr))

    (func (export "greet") (param $name i32) (param $len i32) (result i32)
      (local $text i32)
      (local.set $text (call $realloc
        (i32.const 0) (i32.const 0) (i32.const 1) (i32.add (local.get $len) (i32.const 8))))
      (memory.copy (local.get $text) (i32.const 8) (i32.const 7))
      (memory.copy (i32.add (local.get $text) (i32.const 7)) (local.get $name) (local.get $len))
      (i32.store8 offset=7 (i32.add (local.get $text) (local.get $len)) (i32.const 0x21))
      (i32.store (i32.const 0) (local.get $text))
      (i32.store (i32.const 4) (i32.add (local.get $len) (i32.const 8)))
      (i32.const 0))

    ;; Runs once the caller has read the result: everything allocated is free again.
    (func (export "free-all") (param i32)
      (global.set $next (i32.const 16))))
  (core instance $i (instantiate $greeter))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  (alias core export $i "free-all" (core func $free-all))

  (func $greet (param "name" string) (result string) (canon lift (core func $i "greet")
    (memory $memory) (realloc $realloc) (post-return $free-all)))
  (instance $exports (export "greet" (func $greet)))
  (export "example:greeter/greet@0.1.0" (instance $exports)))
