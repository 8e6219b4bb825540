(component
  (import "engine" (core module
    (export "run" (func (param i32) (result i64))))))
