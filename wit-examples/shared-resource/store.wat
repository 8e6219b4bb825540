;; The store. A bucket is four bytes of memory; its handle stands for their address.
(component
  ;; The buckets themselves. Apart from the constructor, because the resource type
  ;; needs the destructor and the constructor needs the resource type.
  (core module $buckets
    (memory 1)
    (global $next (mut i32) (i32.const 4))
    (global $count (mut i32) (i32.const 0))
    (func (export "make") (param $level i32) (result i32)
      (local $bucket i32)
      (local.set $bucket (global.get $next))
      (global.set $next (i32.add (global.get $next) (i32.const 4)))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (i32.store (local.get $bucket) (local.get $level))
      (local.get $bucket))
    (func (export "drop") (param $bucket i32)
      (global.set $count (i32.sub (global.get $count) (i32.const 1))))
    (func (export "add") (param $bucket i32) (param $amount i32)
      (i32.store (local.get $bucket)
        (i32.add (i32.load (local.get $bucket)) (local.get $amount))))
    (func (export "level") (param $bucket i32) (result i32)
      (i32.load (local.get $bucket)))
    (func (export "count") (result i32)
      (global.get $count)))
  (core instance $buckets (instantiate $buckets))
  (alias core export $buckets "drop" (core func $drop))

  (type $bucket (resource (rep i32) (dtor $drop)))
  (core func $new (canon resource.new $bucket))

  (core module $constructor
    (import "buckets" "make" (func $make (param i32) (result i32)))
    (import "handle" "new" (func $new (param i32) (result i32)))
    (func (export "bucket") (param $level i32) (result i32)
      (call $new (call $make (local.get $level)))))
  (core instance $constructor (instantiate $constructor
    (with "buckets" (instance $buckets))
    (with "handle" (instance (export "new" (func $new))))))

  (alias core export $constructor "bucket" (core func $make))
  (alias core export $buckets "add" (core func $add))
  (alias core export $buckets "level" (core func $level))
  (alias core export $buckets "count" (core func $count))

  (func $bucket.new (param "level" u32) (result (own $bucket)) (canon lift (core func $make)))
  (func $bucket.add (param "self" (borrow $bucket)) (param "amount" u32) (canon lift (core func $add)))
  (func $bucket.level (param "self" (borrow $bucket)) (result u32) (canon lift (core func $level)))
  (func $count (result u32) (canon lift (core func $count)))


  ;; The interface to export. Going through a component gives the type and the functions
  ;; the names by which others know them.
  (component $interface
    (import "bucket-type" (type $t (sub resource)))
    (import "new-func" (func $new (param "level" u32) (result (own $t))))
    (import "add-func" (func $add (param "self" (borrow $t)) (param "amount" u32)))
    (import "level-func" (func $level (param "self" (borrow $t)) (result u32)))
    (import "count-func" (func $count (result u32)))
    (export $bucket "bucket" (type $t))
    (export "[constructor]bucket" (func $new) (func (param "level" u32) (result (own $bucket))))
    (export "[method]bucket.add" (func $add) (func (param "self" (borrow $bucket)) (param "amount" u32)))
    (export "[method]bucket.level" (func $level) (func (param "self" (borrow $bucket)) (result u32)))
    (export "count" (func $count)))
  (instance $exports (instantiate $interface
    (with "bucket-type" (type $bucket))
    (with "new-func" (func $bucket.new))
    (with "add-func" (func $bucket.add))
    (with "level-func" (func $bucket.level))
    (with "count-func" (func $count))))
  (export "example:store/buckets@0.1.0" (instance $exports)))
