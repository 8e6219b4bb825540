(component (import "main" (instance (export "f" (func)))))
