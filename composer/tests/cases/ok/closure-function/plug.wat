(component
  (type $file' (resource (rep i32)))
  (export $file "file" (type $file'))
  (core module $m (func (export "open") (result i32) unreachable))
  (core instance $i (instantiate $m))
  (func $open' (result (own $file')) (canon lift (core func $i "open")))
  (export "open" (func $open') (func (result (own $file)))))
