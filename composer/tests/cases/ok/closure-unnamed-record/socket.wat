(component
  (import "acme:types/types@1.0.0" (instance $types
    (type $entry' (record (field "message" string)))
    (export "entry" (type $entry (eq $entry')))
    (export "make" (func (result $entry)))))
  (alias export $types "make" (func $make))
  (export "get" (func $make)))
