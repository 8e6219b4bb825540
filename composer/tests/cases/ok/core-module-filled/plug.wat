(component
  (core module $engine
    (func (export "run") (param i32) (result i64) unreachable)
    (func (export "more")))
  (export "engine" (core module $engine)))
