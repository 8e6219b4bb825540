(component
  (import "outer" (instance
    (export "inner" (instance
      (export "file" (type $file (sub resource)))
      (export "open" (func (result (own $file)))))))))
