(component
  (import "file" (type $f (sub resource)))
  (import "open" (func (result (own $f)))))
