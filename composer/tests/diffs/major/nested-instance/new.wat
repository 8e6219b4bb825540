(component (import "a" (instance (export "b" (instance (export "f" (func)) (export "g" (func)))))))
