;; The application. Calls the imported `greet` with "Tenon" and gives back the answer.
(component
  (import "example:greeter/greet@0.1.0" (instance $greeter
    (export "greet" (func (param "name" string) (result string)))))

  ;; Memory and its allocator, apart from the code so that `greet` can be lowered first.
  (core module $heap
    (memory (export "memory") 1)
    (data (i32.const 8) "Tenon")
    (global $next (mut i32) (i32.const 16))
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
      (global.set $next (i32.const 16))))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))
  (alias core export $heap "free-all" (core func $free-all))

  (core func $greet (canon lower (func $greeter "greet")
    (memory $memory) (realloc $realloc)))

  (core module $app
    (import "greeter" "greet" (func $greet (param $name i32) (param $len i32) (param $result i32)))
    ;; The result, a pointer and a length, is written to address 0 and handed on from there.
    (func (export "hello") (result i32)
      (call $greet (i32.const 8) (i32.const 5) (i32.const 0))
      (i32.const 0)))
  (core instance $app (instantiate $app
    (with "greeter" (instance (export "greet" (func $greet))))))

  (func $hello (result string) (canon lift (core func $app "hello")
    (memory $memory) (post-return $free-all)))
  (export "hello" (func $hello)))
