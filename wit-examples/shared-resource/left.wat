;; Left. Fills a bucket that it is lent.
(component
  (import "example:store/buckets@0.1.0" (instance $store
    (export "bucket" (type $bucket (sub resource)))
    (export "[method]bucket.add" (func (param "self" (borrow $bucket)) (param "amount" u32)))))
  (alias export $store "bucket" (type $bucket))

  (core func $add (canon lower (func $store "[method]bucket.add")))
  (core func $drop (canon resource.drop $bucket))

  (core module $left
    (import "bucket" "add" (func $add (param $bucket i32) (param $amount i32)))
    (import "bucket" "drop" (func $drop (param $bucket i32)))
    ;; Dropping a borrowed handle gives it back; the bucket itself lives on.
    (func (export "fill") (param $bucket i32) (param $amount i32)
      (call $add (local.get $bucket) (local.get $amount))
      (call $drop (local.get $bucket))))
  (core instance $i (instantiate $left
    (with "bucket" (instance
      (export "add" (func $add))
      (export "drop" (func $drop))))))
  (alias core export $i "fill" (core func $fill))

  (func $fill (param "bucket" (borrow $bucket)) (param "amount" u32) (canon lift (core func $fill)))

  ;; The interface to export: the store's bucket under its name, and what is done with it.
  (component $filler
    (import "bucket-type" (type $t (sub resource)))
    (import "fill-func" (func $f (param "bucket" (borrow $t)) (param "amount" u32)))
    (export $bucket "bucket" (type $t))
    (export "fill" (func $f) (func (param "bucket" (borrow $bucket)) (param "amount" u32))))
  (instance $exports (instantiate $filler
    (with "bucket-type" (type $bucket))
    (with "fill-func" (func $fill))))
  (export "example:left/filler@0.1.0" (instance $exports)))
