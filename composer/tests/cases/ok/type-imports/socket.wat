(component
  (type $r' (record (field "x" u32)))
  (import "entry" (type $r (eq $r')))
  (import "file" (type $f (sub resource)))
  (import "alias" (type $g (eq $f)))
  (import "use" (func (param "entry" $r) (param "file" (borrow $g))))
  (import "log" (func)))
