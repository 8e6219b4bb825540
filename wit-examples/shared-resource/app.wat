;; The application. Makes a bucket holding 2, has `left` add 40, has `right` drain it.
(component
  (import "example:store/buckets@0.1.0" (instance $store
    (export "bucket" (type $bucket (sub resource)))
    (export "[constructor]bucket" (func (param "level" u32) (result (own $bucket))))
    (export "count" (func (result u32)))))
  (alias export $store "bucket" (type $bucket))
  ;; Both sides speak of the store's bucket, not of one of their own.
  (import "example:left/filler@0.1.0" (instance $left
    (alias outer 1 $bucket (type $store-bucket))
    (export "bucket" (type $bucket (eq $store-bucket)))
    (export "fill" (func (param "bucket" (borrow $bucket)) (param "amount" u32)))))
  (import "example:right/drainer@0.1.0" (instance $right
    (alias outer 1 $bucket (type $store-bucket))
    (export "bucket" (type $bucket (eq $store-bucket)))
    (export "drain" (func (param "bucket" (own $bucket)) (result u32)))))

  (core func $new (canon lower (func $store "[constructor]bucket")))
  (core func $count (canon lower (func $store "count")))
  (core func $fill (canon lower (func $left "fill")))
  (core func $drain (canon lower (func $right "drain")))

  (core module $app
    (import "store" "new" (func $new (param $level i32) (result i32)))
    (import "store" "count" (func $count (result i32)))
    (import "left" "fill" (func $fill (param $bucket i32) (param $amount i32)))
    (import "right" "drain" (func $drain (param $bucket i32) (result i32)))
    (memory (export "memory") 1)
    ;; The result, three numbers, is written from address 0 on.
    (func (export "run") (result i32)
      (local $bucket i32)
      (local.set $bucket (call $new (i32.const 2)))
      (call $fill (local.get $bucket) (i32.const 40))
      (i32.store (i32.const 4) (call $count))
      (i32.store (i32.const 0) (call $drain (local.get $bucket)))
      (i32.store (i32.const 8) (call $count))
      (i32.const 0)))
  (core instance $i (instantiate $app
    (with "store" (instance
      (export "new" (func $new))
      (export "count" (func $count))))
    (with "left" (instance (export "fill" (func $fill))))
    (with "right" (instance (export "drain" (func $drain))))))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "run" (core func $run))

  (func $run (result (tuple u32 u32 u32)) (canon lift (core func $run) (memory $memory)))
  (export "run" (func $run)))
