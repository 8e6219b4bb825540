(component (import "main" (implements "a:b/c@1.0.0") (instance (export "f" (func)))))
