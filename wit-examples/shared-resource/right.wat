;; Right. Takes a bucket over, reads its level and drops it.
(component
  (import "example:store/buckets@0.1.0" (instance $store
    (export "bucket" (type $bucket (sub resource)))
    (export "[method]bucket.level" (func (param "self" (borrow $bucket)) (result u32)))))
  (alias export $store "bucket" (type $bucket))

  (core func $level (canon lower (func $store "[method]bucket.level")))
  (core func $drop (canon resource.drop $bucket))

  (core module $right
    (import "bucket" "level" (func $level (param $bucket i32) (result i32)))
    (import "bucket" "drop" (func $drop (param $bucket i32)))
    ;; Dropping an owned handle runs the store's destructor.
    (func (export "drain") (param $bucket i32) (result i32)
      (call $level (local.get $bucket))
      (call $drop (local.get $bucket))))
  (core instance $i (instantiate $right
    (with "bucket" (instance
      (export "level" (func $level))
      (export "drop" (func $drop))))))
  (alias core export $i "drain" (core func $drain))

  (func $drain (param "bucket" (own $bucket)) (result u32) (canon lift (core func $drain)))

  ;; The interface to export: the store's bucket under its name, and what is done with it.
  (component $drainer
    (import "bucket-type" (type $t (sub resource)))
    (import "drain-func" (func $f (param "bucket" (own $t)) (result u32)))
    (export $bucket "bucket" (type $t))
    (export "drain" (func $f) (func (param "bucket" (own $bucket)) (result u32))))
  (instance $exports (instantiate $drainer
    (with "bucket-type" (type $bucket))
    (with "drain-func" (func $drain))))
  (export "example:right/drainer@0.1.0" (instance $exports)))
