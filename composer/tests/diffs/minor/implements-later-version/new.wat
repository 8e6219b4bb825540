(component (import "main" (implements "a:b/c@1.1.0") (instance (export "f" (func)))))
