(component
  (import "acme:types/types@1.0.0" (instance $types
    (export "entry" (type $entry (sub resource)))
    (export "make" (func (result (own $entry))))))
  (alias export $types "make" (func $make))
  (instance $get (export "get" (func $make)))
  (export "acme:get/get@1.0.0" (instance $get)))
